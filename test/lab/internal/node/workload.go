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
)

// workload is a running pod. A pod that is not emulated has no server.
type workload struct {
	// address is where it listens; "" if it is not emulated.
	address string
	probe   *probe
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
	// files are the contents of mounted Secrets by path.
	files map[string][]byte
}

// resolve reads the values that the pod's environment and volumes refer to. If a Secret is
// missing, it returns the condition that a kubelet would report.
func (a *Agent) resolve(ctx context.Context, pod *corev1.Pod) (environment, *condition) {
	env := environment{values: map[string]string{}, files: map[string][]byte{}}
	secrets := a.options.Client.CoreV1().Secrets(pod.Namespace)
	container := pod.Spec.Containers[0]
	for _, volume := range pod.Spec.Volumes {
		if volume.Secret == nil {
			continue
		}
		secret, err := secrets.Get(ctx, volume.Secret.SecretName, metav1.GetOptions{})
		if err != nil {
			blocked := waiting("ContainerCreating", "", "FailedMount", fmt.Sprintf("MountVolume.SetUp failed for volume %q : %s", volume.Name, missing(err, volume.Secret.SecretName)))
			return env, &blocked
		}
		for _, mount := range container.VolumeMounts {
			if mount.Name == volume.Name {
				for key, data := range secret.Data {
					env.files[path.Join(mount.MountPath, key)] = data
				}
			}
		}
	}
	for _, variable := range container.Env {
		reference := variable.ValueFrom
		if reference == nil || reference.SecretKeyRef == nil {
			env.values[variable.Name] = variable.Value
			continue
		}
		secret, err := secrets.Get(ctx, reference.SecretKeyRef.Name, metav1.GetOptions{})
		if err != nil {
			message := missing(err, reference.SecretKeyRef.Name)
			blocked := waiting("CreateContainerConfigError", message, "Failed", "Error: "+message)
			return env, &blocked
		}
		env.values[variable.Name] = string(secret.Data[reference.SecretKeyRef.Key])
	}
	return env, nil
}

func missing(err error, name string) string {
	if apierrors.IsNotFound(err) {
		return fmt.Sprintf("secret %q not found", name)
	}
	return err.Error()
}

// launch starts the pod's program: a satellite, an envproxy, or nothing. A pod that should be a
// satellite but cannot run as one fails, because it must not become ready without a server.
func (a *Agent) launch(pod *corev1.Pod, env environment) (*workload, error) {
	container := pod.Spec.Containers[0]
	runs := slices.Concat(container.Command, container.Args)
	switch {
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
