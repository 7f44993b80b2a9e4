package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// TestSatelliteLives follows a satellite through its life: it becomes ready, gets an address,
// answers at the access URL, becomes unready with the primary, and ends with its pod.
func TestSatelliteLives(t *testing.T) {
	f := newFixture(t, loadBalancer())
	if _, _, err := f.get("/"); err == nil {
		t.Fatal("something answers before the agent runs")
	}
	f.create(t, f.satellitePod(nil))
	f.run(t)
	eventually(t, func() error {
		status, body, err := f.get("/api/private/satellites/key")
		if err == nil && (status != http.StatusOK || !strings.Contains(body, "SHA256:")) {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	})
	pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "coderd-1", metav1.GetOptions{})
	if err != nil || !isReady(pod) {
		t.Errorf("the pod behind the port is not ready: %v %+v", err, pod.Status)
	}
	service, err := f.client.CoreV1().Services(namespace).Get(t.Context(), "coderd", metav1.GetOptions{})
	if err != nil || len(service.Status.LoadBalancer.Ingress) != 1 || service.Status.LoadBalancer.Ingress[0].IP != "127.0.0.1" {
		t.Errorf("the load balancer: %v %+v", err, service.Status)
	}
	if status, body, err := f.get("/api"); err != nil || status < 400 || !strings.Contains(body, "not registered") {
		t.Errorf("an unregistered satellite passes requests on: %d %s %v", status, body, err)
	}
	remove := f.primary.AddFault(codertest.Fault{Path: "/api", ResetBefore: true})
	eventually(t, func() error {
		if _, _, err := f.get("/"); err == nil {
			return errors.New("the port is open, though the satellite cannot reach its primary")
		}
		return f.told("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
	})
	remove()
	eventually(t, func() error { _, _, err := f.get("/cem-healthz"); return err })
	if err := f.client.CoreV1().Pods(namespace).Delete(t.Context(), "coderd-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if _, _, err := f.get("/"); err == nil {
			return errors.New("the port is open, though the pod is gone")
		}
		return nil
	})
}

// told returns nil if there is such an event.
func (f *fixture) told(reason, message string) error {
	events, err := f.client.CoreV1().Events(namespace).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, event := range events.Items {
		if event.Reason == reason && strings.Contains(event.Message, message) && event.InvolvedObject.Name == "coderd-1" {
			return nil
		}
	}
	return fmt.Errorf("no event %s: %s among %+v", reason, message, events.Items)
}

// TestPodsThatCannotRun: a broken pod has the status that a kubelet would report.
func TestPodsThatCannotRun(t *testing.T) {
	env := func(name, value string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			for i := range pod.Spec.Containers[0].Env {
				if pod.Spec.Containers[0].Env[i].Name == name {
					pod.Spec.Containers[0].Env[i] = corev1.EnvVar{Name: name, Value: value}
				}
			}
		}
	}
	tests := map[string]struct {
		change                 func(*corev1.Pod)
		waiting, event, detail string
	}{
		"image missing": {
			func(pod *corev1.Pod) { pod.Spec.Containers[0].Image = "coder-service:missing" },
			"ImagePullBackOff", "Failed", "coder-service:missing",
		},
		"TLS Secret missing": {
			func(pod *corev1.Pod) { pod.Spec.Volumes[0].Secret.SecretName = "other" },
			"ContainerCreating", "FailedMount", `secret "other" not found`,
		},
		"key Secret missing": {
			func(pod *corev1.Pod) { pod.Spec.Containers[0].Env[2].ValueFrom.SecretKeyRef.Name = "other" },
			"CreateContainerConfigError", "Failed", `secret "other" not found`,
		},
		"no primary":       {env("CODER_PRIMARY_ACCESS_URL", ""), "CrashLoopBackOff", "BackOff", "CODER_PRIMARY_ACCESS_URL"},
		"no access URL":    {env("CODER_SATELLITE_ACCESS_URL", "x"), "CrashLoopBackOff", "BackOff", "CODER_SATELLITE_ACCESS_URL"},
		"no key":           {env("CODER_SATELLITE_PRIVATE_KEY", "x"), "CrashLoopBackOff", "BackOff", "CODER_SATELLITE_PRIVATE_KEY"},
		"no certificate":   {env("SSL_SERVER_CERT_FILE", ""), "CrashLoopBackOff", "BackOff", "coderd.tls.hostSecretName"},
		"a key of another": {env("SSL_SERVER_KEY_FILE", "/tls/tls.crt"), "CrashLoopBackOff", "BackOff", "cannot be served"},
		"a certificate that is not mounted": {
			func(pod *corev1.Pod) {
				env("SSL_SERVER_CERT_FILE", "/tls/tls.crt:/devurls/tls.crt")(pod)
				env("SSL_SERVER_KEY_FILE", "/tls/tls.key:/devurls/tls.key")(pod)
			}, "CrashLoopBackOff", "BackOff", "/devurls/tls.crt",
		},
		"a key too few": {env("SSL_SERVER_CERT_FILE", "/tls/tls.crt:/tls/tls.crt"), "CrashLoopBackOff", "BackOff", "names 2 files"},
		"another command": {
			func(pod *corev1.Pod) { pod.Spec.Containers[0].Args = []string{"coderd", "satellite"} },
			"CrashLoopBackOff", "BackOff", `"coderd satellite" is not a command`,
		},
		"nowhere to go":           {selecting(map[string]string{"disk": "ssd"}), "", "FailedScheduling", "node affinity/selector"},
		"another platform":        {selecting(map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}), "", "FailedScheduling", "node affinity/selector"},
		"primary does not answer": {env("CODER_PRIMARY_ACCESS_URL", "https://127.0.0.1:1"), "", "Unhealthy", "https://127.0.0.1:1 does not answer"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.create(t, f.satellitePod(test.change))
			f.run(t)
			eventually(t, func() error { return f.told(test.event, test.detail) })
			eventually(t, func() error {
				pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "coderd-1", metav1.GetOptions{})
				if err != nil {
					return err
				}
				waits := ""
				for _, container := range pod.Status.ContainerStatuses {
					if container.State.Waiting != nil {
						waits = container.State.Waiting.Reason
					}
				}
				if waits != test.waiting || isReady(pod) || pod.Status.Phase == "" {
					return fmt.Errorf("want waiting for %q, got %+v", test.waiting, pod.Status)
				}
				return nil
			})
		})
	}
}

// selecting gives a pod a node selector, and leaves binding it to the scheduler.
func selecting(selector map[string]string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.NodeName, pod.Spec.NodeSelector = "", selector }
}

// TestOtherPods: other pods are bound and ready, and disappear at once when they are deleted.
func TestOtherPods(t *testing.T) {
	f := newFixture(t)
	f.create(t, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "new", UID: "uid-new"},
		Spec: corev1.PodSpec{
			Containers:   []corev1.Container{{Name: "x", Image: "x"}},
			NodeSelector: map[string]string{"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
		},
	})
	f.create(t, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "plain", UID: "uid-plain"},
		Spec:       corev1.PodSpec{NodeName: name, Containers: []corev1.Container{{Name: "x", Image: "x"}}},
	})
	now := metav1.Now()
	f.create(t, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "leaving", UID: "uid-leaving", DeletionTimestamp: &now, Finalizers: []string{"x/y"}},
		Spec:       corev1.PodSpec{NodeName: name, Containers: []corev1.Container{{Name: "x", Image: "x"}}},
	})
	f.run(t)
	eventually(t, func() error {
		pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "plain", metav1.GetOptions{})
		if err == nil && !isReady(pod) {
			err = fmt.Errorf("not ready: %+v", pod.Status)
		}
		return err
	})
	eventually(t, func() error {
		bound, gone := false, false
		for _, action := range f.client.Actions() {
			bound = bound || action.Matches("create", "pods") && action.GetSubresource() == "binding"
			gone = gone || action.Matches("delete", "pods")
		}
		if !bound || !gone {
			return fmt.Errorf("bound: %v, gone: %v", bound, gone)
		}
		return nil
	})
	node, err := f.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil || node.Status.DaemonEndpoints.KubeletEndpoint.Port != int32(f.options.Cluster.KubeletPort) {
		t.Errorf("the node: %v %+v", err, node.Status)
	}
}

// TestLogs requests logs as an API server does.
func TestLogs(t *testing.T) {
	f := newFixture(t)
	pod := f.satellitePod(nil)
	for _, line := range []string{"one", "two", "two", "three"} {
		f.agent.logs.add(pod, line)
	}
	f.run(t)
	for query, want := range map[string]string{"": "one\ntwo\nthree\n", "?tailLines=1": "three\n", "?tailLines=9": "one\ntwo\nthree\n", "?tailLines=x": "one\ntwo\nthree\n"} {
		eventually(t, func() error {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: f.roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
			response, err := (&http.Client{Transport: transport}).Get(fmt.Sprintf("https://127.0.0.1:%d/containerLogs/%s/coderd-1/coderd%s", f.options.Cluster.KubeletPort, namespace, query))
			if err != nil {
				return err
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			if err == nil && string(body) != want {
				err = fmt.Errorf("%q: want %q, got %q", query, want, body)
			}
			return err
		})
	}
}

func TestRunRefuses(t *testing.T) {
	f := newFixture(t)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", f.options.Cluster.KubeletPort))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := f.agent.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "the node of sydney") {
		t.Errorf("a port that is taken: %v", err)
	}
	f.agent.options.Key = nil
	if err := f.agent.Run(t.Context()); err == nil {
		t.Error("a certificate without its key")
	}
}
