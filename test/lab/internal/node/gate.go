package node

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// balance gives load balancers their address, and opens a port of the cluster while there is a
// ready pod for it.
func (a *Agent) balance(ctx context.Context, pods []*corev1.Pod) {
	services, err := a.services.List(labels.Everything())
	if err != nil {
		return
	}
	satellite, envproxies := "", map[string]string{}
	for _, service := range services {
		if service.Spec.Type != corev1.ServiceTypeLoadBalancer || service.DeletionTimestamp != nil {
			continue
		}
		if len(service.Status.LoadBalancer.Ingress) == 0 {
			changed := service.DeepCopy()
			changed.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "127.0.0.1"}}
			_, _ = a.options.Client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
		}
		address := a.backend(service, pods)
		switch {
		case address == "":
		case service.Name == "coderd":
			satellite = address
		case service.Name == "envproxy":
			envproxies[service.Namespace] = address
		}
	}
	a.access.lead(satellite)
	for namespace, gate := range a.envproxies {
		gate.lead(envproxies[namespace])
	}
}

// backend is the address of a ready pod that the Service selects; "" if there is none.
func (a *Agent) backend(service *corev1.Service, pods []*corev1.Pod) string {
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for _, pod := range pods {
		if pod.Namespace != service.Namespace || !selector.Matches(labels.Set(pod.Labels)) || pod.DeletionTimestamp != nil || !isReady(pod) {
			continue
		}
		a.mu.Lock()
		w := a.running[pod.UID]
		a.mu.Unlock()
		if w != nil && w.address != "" {
			return w.address
		}
	}
	return ""
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// gate is a port that leads to a pod, and is closed while there is none. A gate with port 0 never
// opens.
type gate struct {
	port int
	// network delays the clients' connections.
	network *codertest.Network

	mu       sync.Mutex
	target   string
	listener net.Listener
}

// lead makes the gate lead to an address; "" closes it.
func (g *gate) lead(target string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.target = target
	switch {
	case target == "" && g.listener != nil:
		_ = g.listener.Close()
		g.listener = nil
	case target != "" && g.listener == nil && g.port != 0:
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", g.port))
		if err != nil {
			return // the next look retries
		}
		g.listener = listener
		go g.accept(listener)
	}
}

func (g *gate) close() { g.lead("") }

func (g *gate) accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		target := g.target
		g.mu.Unlock()
		go pass(g.network.Conn(connection), target)
	}
}

// pass copies bytes both ways until one side ends.
func pass(client net.Conn, target string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
}
