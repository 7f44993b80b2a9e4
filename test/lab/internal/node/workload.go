package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// workload is a running pod. A pod that is not emulated has no server.
type workload struct {
	// address is where it listens; "" if it is not emulated.
	address string
	probe   *probe
	// program is its process, if it has one.
	program *program
	stop    func()
}

// ready returns nil if the workload is ready, and otherwise the reason.
func (w *workload) ready() error {
	if w.probe == nil {
		return nil
	}
	return w.probe.ready()
}

// environment is the environment in which a pod's container starts.
type environment struct {
	values map[string]string
	// files are the contents of mounted Secrets and ConfigMaps by path, and mounted the names of
	// volumes that the lab mounts.
	files   map[string][]byte
	mounted map[string]bool
}

// resolve reads the values that the pod's environment and volumes refer to. If a Secret or a
// ConfigMap is missing, it returns the condition that a kubelet would report.
func (a *Agent) resolve(ctx context.Context, pod *corev1.Pod) (environment, *condition) {
	env := environment{values: map[string]string{}, files: map[string][]byte{}, mounted: map[string]bool{}}
	container := pod.Spec.Containers[0]
	for _, volume := range pod.Spec.Volumes {
		var files map[string][]byte
		var items []corev1.KeyToPath
		var err error
		switch {
		case volume.Secret != nil:
			items = volume.Secret.Items
			files, err = a.secret(ctx, pod.Namespace, volume.Secret.SecretName)
		case volume.ConfigMap != nil:
			items = volume.ConfigMap.Items
			files, err = a.configMap(ctx, pod.Namespace, volume.ConfigMap.Name)
		case volume.EmptyDir == nil:
			continue
		}
		if err == nil {
			files, err = selected(files, items)
		}
		if err != nil {
			blocked := waiting("ContainerCreating", "", "FailedMount", fmt.Sprintf("MountVolume.SetUp failed for volume %q : %s", volume.Name, err))
			return env, &blocked
		}
		env.mounted[volume.Name] = true
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume.Name {
				for name, data := range files {
					env.files[path.Join(mount.MountPath, name)] = data
				}
			}
		}
	}
	for _, variable := range container.Env {
		value, err := a.value(ctx, pod, variable, env.values)
		if err != nil {
			blocked := waiting("CreateContainerConfigError", err.Error(), "Failed", "Error: "+err.Error())
			return env, &blocked
		}
		env.values[variable.Name] = value
	}
	return env, nil
}

// value is that of a variable, given those before it.
func (a *Agent) value(ctx context.Context, pod *corev1.Pod, variable corev1.EnvVar, before map[string]string) (string, error) {
	from := variable.ValueFrom
	switch {
	case from == nil:
		return expansion.Expand(variable.Value, expansion.MappingFuncFor(before)), nil
	case from.FieldRef != nil:
		return fieldpath.ExtractFieldPathAsString(pod, from.FieldRef.FieldPath)
	case from.SecretKeyRef != nil:
		data, err := a.secret(ctx, pod.Namespace, from.SecretKeyRef.Name)
		return string(data[from.SecretKeyRef.Key]), err
	default:
		return variable.Value, nil
	}
}

func (a *Agent) secret(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	secret, err := a.options.Client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, missing(err, "secret", name)
	}
	return secret.Data, nil
}

func (a *Agent) configMap(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	found, err := a.options.Client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, missing(err, "configmap", name)
	}
	files := map[string][]byte{}
	for key, value := range found.Data {
		files[key] = []byte(value)
	}
	return files, nil
}

// selected are the files of a volume: all, or its items under their own paths.
func selected(files map[string][]byte, items []corev1.KeyToPath) (map[string][]byte, error) {
	if items == nil {
		return files, nil
	}
	chosen := map[string][]byte{}
	for _, item := range items {
		data, ok := files[item.Key]
		if !ok {
			return nil, fmt.Errorf("references non-existent key: %s", item.Key)
		}
		chosen[item.Path] = data
	}
	return chosen, nil
}

func missing(err error, kind, name string) error {
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%s %q not found", kind, name)
	}
	return err
}

// launch starts the pod's program: an image that the lab runs, a satellite, an envproxy, or nothing. A pod that should be a
// satellite but cannot run as one fails, because it must not become ready without a server.
func (a *Agent) launch(pod *corev1.Pod, env environment) (*workload, error) {
	container := pod.Spec.Containers[0]
	runs := slices.Concat(container.Command, container.Args)
	switch binary := a.options.Run[container.Image]; {
	case binary != "":
		return a.launchProgram(pod, env, binary)
	case runsSatellite(container):
		return a.launchSatellite(container, env)
	case meantAsSatellite(container):
		return nil, fmt.Errorf("%q is not a command that the lab runs as a satellite", strings.Join(runs, " "))
	case slices.Equal(runs, []string{"envproxy", "run"}):
		pair, err := tls.X509KeyPair(a.options.Certificate, a.options.Key)
		if err != nil {
			return nil, err
		}
		return a.start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, "envproxy %s\n", r.URL.Path)
		}), "/healthz", container.ReadinessProbe, []tls.Certificate{pair})
	default:
		return &workload{stop: func() {}}, nil
	}
}

// start serves a handler over TLS on a free port of loopback, and probes it.
func (a *Agent) start(handler http.Handler, path string, spec *corev1.Probe, certificates []tls.Certificate) (*workload, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	closeIt := serveTLS(listener, certificates, handler)
	transport := &http.Transport{
		// kubelets do not verify certificates either
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
	}
	address := listener.Addr().String()
	probe := newProbe("https://"+address+path, &http.Client{Transport: transport}, spec, a.wake)
	ctx, cancel := context.WithCancel(context.Background())
	a.probes.Go(func() {
		defer transport.CloseIdleConnections()
		probe.run(ctx)
	})
	return &workload{address: address, probe: probe, stop: func() {
		cancel()
		closeIt()
	}}, nil
}

// serveTLS serves a handler until the returned function is called.
func serveTLS(listener net.Listener, certificates []tls.Certificate, handler http.Handler) (closeIt func()) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	secure := tls.NewListener(listener, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(secure)
	}()
	return func() {
		_ = server.Close()
		_ = secure.Close() // in case it is closed before it serves
		<-ended
	}
}
