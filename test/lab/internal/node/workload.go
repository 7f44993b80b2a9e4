package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// workload is a pod that runs; a pod that is not emulated has no server.
type workload struct {
	// address is where it listens; "" for a pod that is not emulated.
	address string
	probe   *probe
	stop    func()
}

// ready returns nil if the workload is ready, and else why it is not.
func (w *workload) ready() error {
	if w.probe == nil {
		return nil
	}
	return w.probe.ready()
}

// environment is what a pod's container is started with.
type environment struct {
	values map[string]string
	// files are the contents of mounted Secrets by path.
	files map[string][]byte
}

// resolve reads what the pod's environment and volumes name, or says which
// Secret is missing, as a kubelet does.
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

// launch starts what the pod runs: a satellite, an envproxy, or nothing.
func (a *Agent) launch(pod *corev1.Pod, env environment) (*workload, error) {
	container := pod.Spec.Containers[0]
	switch runs := slices.Concat(container.Command, container.Args); {
	case slices.Equal(runs, []string{"coderd", "replica"}):
		roots := x509.NewCertPool()
		ca, err := os.ReadFile(a.options.CA)
		if err != nil {
			return nil, err
		}
		roots.AppendCertsFromPEM(ca)
		satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{
			PrimaryURL: env.values["CODER_PRIMARY_ACCESS_URL"],
			AccessURL:  env.values["CODER_SATELLITE_ACCESS_URL"],
			PrivateKey: env.values["CODER_SATELLITE_PRIVATE_KEY"],
			RootCAs:    roots,
		})
		if err != nil {
			return nil, err
		}
		certificate, key := env.files[env.values["SSL_SERVER_CERT_FILE"]], env.files[env.values["SSL_SERVER_KEY_FILE"]]
		if certificate == nil || key == nil {
			return nil, errors.New("no certificate to serve: set coderd.tls.hostSecretName")
		}
		w, err := a.start(satellite, "/cem-healthz", container.ReadinessProbe, certificate, key)
		if err != nil {
			return nil, err
		}
		stop := w.stop
		w.stop = func() {
			stop()
			satellite.Close()
		}
		return w, nil
	case slices.Equal(runs, []string{"envproxy", "run"}):
		return a.start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, "envproxy %s\n", r.URL.Path)
		}), "/healthz", container.ReadinessProbe, a.options.Certificate, a.options.Key)
	default:
		return &workload{stop: func() {}}, nil
	}
}

// start serves a handler over TLS on a free port of loopback, and probes it.
func (a *Agent) start(handler http.Handler, path string, spec *corev1.Probe, certificate, key []byte) (*workload, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("the certificate cannot be served: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	closeIt := serveTLS(listener, pair, handler)
	transport := &http.Transport{
		// a kubelet does not verify certificates, either
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

// serveTLS serves a handler until the function that it returns is called.
func serveTLS(listener net.Listener, certificate tls.Certificate, handler http.Handler) (closeIt func()) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	secure := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(secure)
	}()
	return func() {
		_ = server.Close()
		_ = secure.Close() // if it is closed before it serves
		<-ended
	}
}
