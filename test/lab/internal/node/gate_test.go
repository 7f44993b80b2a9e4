package node

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// envproxy is the pod and the Service of a legacy release.
func envproxy(namespace string) []runtime.Object {
	labels := map[string]string{"coder.deployment": "envproxy"}
	return []runtime.Object{
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "envproxy-1", UID: types.UID("uid-" + namespace), Labels: labels},
			Spec: corev1.PodSpec{
				NodeName:   name,
				Containers: []corev1.Container{{Name: "envproxy", Image: "coder-envproxy:1.20.0", Command: []string{"envproxy", "run"}}},
			},
		},
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "envproxy"},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: labels},
		},
	}
}

// TestEnvproxiesOfNamespaces has two envproxies in one cluster, and a third in a namespace
// without a port. Each port leads to the envproxy in its own namespace.
func TestEnvproxiesOfNamespaces(t *testing.T) {
	var objects []runtime.Object
	for _, namespace := range []string{"coder-1", "coder-2", "elsewhere"} {
		objects = append(objects, envproxy(namespace)...)
	}
	f := newFixture(t, objects...)
	f.run(t)
	answers := func(namespace string) error {
		status, body, err := f.getFrom(f.options.EnvproxyPorts[namespace], "/x")
		if err == nil && (status != http.StatusOK || body != "envproxy /x\n") {
			err = fmt.Errorf("the port of %s: status %d: %s", namespace, status, body)
		}
		return err
	}
	eventually(t, func() error { return errors.Join(answers("coder-1"), answers("coder-2")) })
	if err := f.client.CoreV1().Pods("coder-1").Delete(t.Context(), "envproxy-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if answers("coder-1") == nil {
			return errors.New("the port of coder-1 is open, though its envproxy is gone")
		}
		return nil
	})
	if err := answers("coder-2"); err != nil {
		t.Error(err)
	}
}

// TestGateWithoutPort: no port leads to a satellite in a cluster that has none.
func TestGateWithoutPort(t *testing.T) {
	g := &gate{}
	defer g.close()
	g.lead("127.0.0.1:1")
	if g.listener != nil {
		t.Errorf("it listens at %s", g.listener.Addr())
	}
}
