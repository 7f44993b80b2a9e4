package satellite

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Everything that can be read is saved, and the rest is listed.
func TestEvidence(t *testing.T) {
	server := newReleaseServer(t, "helm", time.Unix(1_600_000_000, 0))
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "coderd-1"}}
	pod.Spec.Containers = []corev1.Container{{Name: "coderd"}, {Name: "sidecar"}}
	pod.Status.Message = "evicted"
	server.others = map[string]any{
		"/api/v1/namespaces/edge/pods": corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: []corev1.Pod{pod}},
		"/api/v1/namespaces/edge/events": corev1.EventList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "EventList"}, Items: []corev1.Event{{
			Type: "Warning", Reason: "Failed", Message: "quota exceeded", InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "coderd-1"},
		}}},
	}
	files, err := At(server.access(t), "edge", "coder-satellite").Evidence(t.Context())
	for name, want := range map[string]string{"pods.yaml": "message: evicted", "events.yaml": "Warning Pod/coderd-1 Failed: quota exceeded"} {
		if !strings.Contains(string(files[name]), want) {
			t.Errorf("%s: %q lacks %q", name, files[name], want)
		}
	}
	for _, log := range []string{"coderd-1-coderd.log: ", "coderd-1-sidecar.log: "} {
		if err == nil || !strings.Contains(err.Error(), log) {
			t.Errorf("%v lacks %q", err, log)
		}
	}

	server.others = nil
	files, err = At(server.access(t), "edge", "coder-satellite").Evidence(t.Context())
	if err == nil || !strings.Contains(err.Error(), "events.yaml: ") || len(files) != 1 || !slices.Equal(files["pods.yaml"], []byte("{}\n")) {
		t.Errorf("of no pods: %q, %v", files, err)
	}
}
