package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const namespace = "coder-satellite"

// fixture is a cluster with only a node and a primary.
type fixture struct {
	options Options
	client  *fake.Clientset
	agent   *Agent
	primary *codertest.Primary
	roots   *x509.CertPool
}

func newFixture(t *testing.T, objects ...runtime.Object) *fixture {
	t.Helper()
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := authority.IssuePEM("127.0.0.1", "localhost")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	privateKey, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fixture{roots: x509.NewCertPool()}
	f.roots.AppendCertsFromPEM(authority.PEM())
	if f.primary, err = codertest.NewPrimary(codertest.Options{Certificate: &pair}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.primary.Close)
	f.client = fake.NewClientset(append(objects,
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "tls"}, Data: map[string][]byte{"tls.crt": certificate, "tls.key": key}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "key"}, Data: map[string][]byte{"privateKey": []byte(privateKey)}},
	)...)
	f.options = Options{
		Cluster: layout.Cluster{Context: "sydney", KubeletPort: freePort(t)}, Client: f.client,
		AccessPort: freePort(t), EnvproxyPorts: map[string]int{"coder-1": freePort(t), "coder-2": freePort(t)},
		Certificate: certificate, Key: key, CA: ca,
	}
	f.agent = New(f.options)
	return f
}

// run runs the agent until the test ends.
func (f *fixture) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.agent.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the agent failed: %v", err)
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// satellitePod is a pod as the chart creates it, with the test's changes.
func (f *fixture) satellitePod(change func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "coderd-1", UID: types.UID("uid-1"), Labels: map[string]string{"coder.deployment": "coderd"}},
		Spec: corev1.PodSpec{
			NodeName: name,
			Containers: []corev1.Container{{
				Name: "coderd", Image: "coder-service:1.21.7", Args: []string{"coderd", "replica"},
				Env: []corev1.EnvVar{
					{Name: "CODER_PRIMARY_ACCESS_URL", Value: f.primary.URL()},
					{Name: "CODER_SATELLITE_ACCESS_URL", Value: fmt.Sprintf("https://127.0.0.1:%d", f.options.AccessPort)},
					{Name: "CODER_SATELLITE_PRIVATE_KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
						LocalObjectReference: corev1.LocalObjectReference{Name: "key"}, Key: "privateKey",
					}}},
					{Name: "SSL_SERVER_CERT_FILE", Value: "/tls/tls.crt"},
					{Name: "SSL_SERVER_KEY_FILE", Value: "/tls/tls.key"},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "tls", MountPath: "/tls"}},
			}},
			Volumes: []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}}},
		},
	}
	if change != nil {
		change(pod)
	}
	return pod
}

// loadBalancer is the Service that the chart creates.
func loadBalancer() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "coderd"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"coder.deployment": "coderd"}},
	}
}

func (f *fixture) create(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	if _, err := f.client.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// get sends a request to the access port and trusts the lab's authority.
func (f *fixture) get(path string) (status int, body string, err error) {
	return f.getFrom(f.options.AccessPort, path)
}

// getFrom sends a request to a port and trusts the lab's authority.
func (f *fixture) getFrom(port int, path string) (status int, body string, err error) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: f.roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	response, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d%s", port, path))
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

func eventually(t *testing.T, try func() error) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatal(err)
		case <-ticker.C:
		}
	}
}
