package node

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// TestCommandsOfCharts: a satellite runs for each of the charts' commands, and its port leads to
// it.
func TestCommandsOfCharts(t *testing.T) {
	script := "echo Starting replica;\n# Pass signals down.\nexec /entrypoint.sh coderd replica\n"
	for name, container := range map[string]corev1.Container{
		"arguments":     {Args: []string{"coderd", "replica"}},
		"an entry":      {Command: []string{"/entrypoint.sh", "coderd", "replica"}},
		"entry, args":   {Command: []string{"/entrypoint.sh"}, Args: []string{"coderd", "replica"}},
		"a bash script": {Command: []string{"/bin/bash", "-c", script}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, loadBalancer())
			f.create(t, f.satellitePod(func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Command, pod.Spec.Containers[0].Args = container.Command, container.Args
			}))
			f.run(t)
			eventually(t, func() error {
				status, body, err := f.get("/api/private/satellites/key")
				if err == nil && status != http.StatusOK {
					err = fmt.Errorf("status %d: %s", status, body)
				}
				return err
			})
		})
	}
	for name, container := range map[string]corev1.Container{
		"a primary": {Command: []string{"/entrypoint.sh", "coderd", "run"}}, "nothing": {}, "a word": {Args: []string{"replica"}},
	} {
		if runsSatellite(container) {
			t.Errorf("%s is taken for a satellite", name)
		}
	}
}

// TestCertificateForDevURLs: of several certificates, joined by ":" in the chart, the one for the
// requested host is served.
func TestCertificateForDevURLs(t *testing.T) {
	f := newFixture(t, loadBalancer())
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := authority.IssuePEM("*.dev.example.com")
	if err != nil {
		t.Fatal(err)
	}
	f.roots.AppendCertsFromPEM(authority.PEM())
	if _, err := f.client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "devurls"}, Data: map[string][]byte{"tls.crt": certificate, "tls.key": key},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	f.create(t, f.satellitePod(func(pod *corev1.Pod) {
		container := &pod.Spec.Containers[0]
		container.Env[3].Value, container.Env[4].Value = "/tls/tls.crt:/devurls/tls.crt", "/tls/tls.key:/devurls/tls.key"
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: "devurls", MountPath: "/devurls"})
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
			Name: "devurls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "devurls"}},
		})
	}))
	f.run(t)
	for _, name := range []string{"localhost", "app.dev.example.com"} {
		eventually(t, func() error {
			connection, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", f.options.AccessPort), &tls.Config{RootCAs: f.roots, ServerName: name, MinVersion: tls.VersionTLS12})
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return connection.Close()
		})
	}
	eventually(t, func() error {
		pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "coderd-1", metav1.GetOptions{})
		if err == nil && !isReady(pod) {
			err = errors.New("the pod is not ready")
		}
		return err
	})
}
