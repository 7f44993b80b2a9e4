// Package node emulates the only node of a cluster. It runs the pods of Coder's own images as
// emulators in this process, with the environment and the certificates from the pod, and probes
// them over the network. Pods of other images that it is told it runs as processes. It reports all
// other pods as ready, and gives load balancers their address.
package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listersv1 "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// Options are the dependencies of an agent.
type Options struct {
	Cluster layout.Cluster
	Client  kubernetes.Interface
	// AccessPort leads to the satellite in any namespace; 0 if the cluster has none.
	AccessPort int
	// EnvproxyPorts lead to the envproxy of each namespace.
	EnvproxyPorts map[string]int
	// Network is the network to the satellite; nil for one without delay and loss.
	Network *codertest.Network
	// Certificate and Key are served by pods without their own.
	Certificate, Key []byte
	// CA is the certificate file of the authority that satellites and programs trust.
	CA string
	// Run are binaries of this machine by the image that they stand for. Dir is the folder for their
	// files and logs, and Process how they are started.
	Run     map[string]string
	Dir     string
	Process *syscall.SysProcAttr
}

// Agent emulates a node.
type Agent struct {
	options  Options
	changed  chan struct{}
	pods     listersv1.PodLister
	services listersv1.ServiceLister

	mu      sync.Mutex
	running map[types.UID]*workload
	told    map[string]bool // events that were sent

	access     *gate
	envproxies map[string]*gate // by namespace
	logs       *logs
	probes     sync.WaitGroup
}

// New returns an agent; Run starts it.
func New(options Options) *Agent {
	if options.Network == nil {
		options.Network = &codertest.Network{}
	}
	a := &Agent{
		options: options, changed: make(chan struct{}, 1),
		running: map[types.UID]*workload{}, told: map[string]bool{},
		access:     &gate{port: options.AccessPort, network: options.Network},
		envproxies: map[string]*gate{},
		logs:       newLogs(),
	}
	for namespace, port := range options.EnvproxyPorts {
		a.envproxies[namespace] = &gate{port: port, network: &codertest.Network{}}
	}
	return a
}

// every is how often the agent examines all pods if nothing changes.
const every = 500 * time.Millisecond

// Run emulates the node until ctx ends. It returns an error if it cannot start.
func (a *Agent) Run(ctx context.Context) error {
	closeLogs, err := a.logs.serve(a.options.Cluster.KubeletPort, a.options.Certificate, a.options.Key)
	if err != nil {
		return fmt.Errorf("the node of %s: %w", a.options.Cluster.Context, err)
	}
	defer closeLogs()
	factory := informers.NewSharedInformerFactory(a.options.Client, 0)
	a.pods, a.services = factory.Core().V1().Pods().Lister(), factory.Core().V1().Services().Lister()
	wake := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { a.wake() },
		UpdateFunc: func(any, any) { a.wake() },
		DeleteFunc: func(any) { a.wake() },
	}
	_, _ = factory.Core().V1().Pods().Informer().AddEventHandler(wake)
	_, _ = factory.Core().V1().Services().Informer().AddEventHandler(wake)
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	factory.WaitForCacheSync(ctx.Done())
	defer a.stopAll()

	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		a.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-a.changed:
		}
	}
}

func (a *Agent) wake() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// look moves every pod one step forward, and then opens the ports whose pods are ready. If a
// write fails, the next call repeats it.
func (a *Agent) look(ctx context.Context) {
	pods, err := a.pods.List(labels.Everything())
	if err != nil {
		return
	}
	a.ensureNode(ctx)
	seen := map[types.UID]bool{}
	for _, pod := range pods {
		seen[pod.UID] = true
		a.advance(ctx, pod)
	}
	a.mu.Lock()
	for uid, w := range a.running {
		if !seen[uid] {
			w.stop()
			delete(a.running, uid)
		}
	}
	a.mu.Unlock()
	a.balance(ctx, pods)
}

// advance moves one pod one step forward.
func (a *Agent) advance(ctx context.Context, pod *corev1.Pod) {
	client := a.options.Client.CoreV1().Pods(pod.Namespace)
	switch {
	case pod.DeletionTimestamp != nil && !a.terminated(ctx, pod): // its process has time to end
	case pod.DeletionTimestamp != nil:
		a.stop(pod.UID)
		zero := int64(0)
		_ = client.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &pod.UID}})
	case pod.Spec.NodeName == "" && !selectsNode(pod):
		a.report(ctx, pod, unschedulable())
	case pod.Spec.NodeName == "":
		_ = client.Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			Target:     corev1.ObjectReference{Kind: "Node", Name: name},
		}, metav1.CreateOptions{})
	default:
		a.report(ctx, pod, a.find(ctx, pod))
	}
}

// terminated ends the process of a pod that is being deleted, and reports whether it has ended and
// the pod's status says how. Other pods need no time to end.
func (a *Agent) terminated(ctx context.Context, pod *corev1.Pod) bool {
	if pod.Spec.NodeName == "" || a.options.Run[pod.Spec.Containers[0].Image] == "" {
		return true
	}
	found := condition{exit: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "ContainerStatusUnknown"}} // it never started
	a.mu.Lock()
	w := a.running[pod.UID]
	a.mu.Unlock()
	if w != nil && w.program != nil {
		var grace time.Duration
		if seconds := pod.DeletionGracePeriodSeconds; seconds != nil {
			grace = time.Duration(*seconds) * time.Second
		}
		if !w.program.terminate(grace) {
			return false
		}
		found = w.program.condition()
	}
	if a.report(ctx, pod, found); w == nil || w.program == nil {
		return true
	}
	return same(pod.Status, found.status(pod)) // else the next look sees it
}

// report writes the pod's status if it has changed.
func (a *Agent) report(ctx context.Context, pod *corev1.Pod, found condition) {
	if found.event != "" {
		a.event(ctx, pod, found.eventReason, found.event)
	}
	status := found.status(pod)
	if same(pod.Status, status) {
		return
	}
	changed := pod.DeepCopy()
	changed.Status = status
	_, _ = a.options.Client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
}

// find starts the pod's program unless it is running, and returns the pod's condition.
func (a *Agent) find(ctx context.Context, pod *corev1.Pod) condition {
	container := pod.Spec.Containers[0]
	if imageMissing(container.Image) {
		return waiting("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q", container.Image), "Failed", fmt.Sprintf("Failed to pull image %q: not found", container.Image))
	}
	a.mu.Lock()
	w := a.running[pod.UID]
	a.mu.Unlock()
	if w == nil {
		env, blocked := a.resolve(ctx, pod)
		if blocked != nil {
			return *blocked
		}
		var err error
		w, err = a.launch(pod, env)
		if err != nil {
			a.logs.add(pod, "cannot start: "+err.Error())
			return crashed(err)
		}
		a.mu.Lock()
		a.running[pod.UID] = w
		a.mu.Unlock()
		if w.program == nil { // whose log is its own
			a.logs.add(pod, "started "+container.Image)
		}
	}
	if w.program != nil {
		return w.program.condition()
	}
	err := w.ready()
	if err == nil {
		return condition{running: true, isReady: true}
	}
	unready := condition{running: true, reason: "ContainersNotReady", message: "containers with unready status: [" + container.Name + "]"}
	if !errors.Is(err, errNotProbed) {
		unready.eventReason, unready.event = "Unhealthy", "Readiness probe failed: "+err.Error()
	}
	return unready
}

func (a *Agent) stop(uid types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.running[uid]; w != nil {
		w.stop()
		delete(a.running, uid)
	}
}

func (a *Agent) stopAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range a.running {
		w.stop()
	}
	a.probes.Wait()
	a.access.close()
	for _, gate := range a.envproxies {
		gate.close()
	}
}

// event sends an event about a pod, each only once.
func (a *Agent) event(ctx context.Context, pod *corev1.Pod, reason, message string) {
	if key := string(pod.UID) + reason + message; !a.known(key) && a.send(ctx, pod, reason, message) == nil {
		a.know(key)
	}
}

func (a *Agent) known(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told[key]
}

func (a *Agent) know(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told[key] = true
}

func (a *Agent) send(ctx context.Context, pod *corev1.Pod, reason, message string) error {
	now := metav1.Now()
	_, err := a.options.Client.CoreV1().Events(pod.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: pod.Name + "-", Namespace: pod.Namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: message,
		Source: corev1.EventSource{Component: "kubelet", Host: name}, FirstTimestamp: now, LastTimestamp: now, Count: 1,
	}, metav1.CreateOptions{})
	return err
}
