package node

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestStatus(t *testing.T) {
	type summary struct {
		Phase                corev1.PodPhase
		IP, Waiting          string
		Running, Ready       bool
		Restarts             int32
		Scheduled, PodReady  corev1.ConditionStatus
		Reason, ReadyMessage string
	}
	tests := map[string]struct {
		condition condition
		want      summary
	}{
		"ready": {
			condition{running: true, isReady: true},
			summary{Phase: "Running", IP: "127.0.0.1", Running: true, Ready: true, Scheduled: "True", PodReady: "True"},
		},
		"not ready": {
			condition{running: true, reason: "ContainersNotReady", message: "no"},
			summary{Phase: "Running", IP: "127.0.0.1", Running: true, Scheduled: "True", PodReady: "False", Reason: "ContainersNotReady", ReadyMessage: "no"},
		},
		"waiting": {
			waiting("ImagePullBackOff", "no image", "Failed", "no image"),
			summary{Phase: "Pending", Waiting: "ImagePullBackOff", Scheduled: "True", PodReady: "False", Reason: "ImagePullBackOff", ReadyMessage: "no image"},
		},
		"crashed": {
			crashed(errors.New("no key")),
			summary{
				Phase: "Pending", Waiting: "CrashLoopBackOff", Restarts: 3, Scheduled: "True", PodReady: "False",
				Reason: "CrashLoopBackOff", ReadyMessage: "back-off restarting failed container: no key",
			},
		},
		"unschedulable": {unschedulable(), summary{Phase: "Pending", Scheduled: "False"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "coderd", Image: "coder-service:1"}}}}
			status := test.condition.status(pod)
			got := summary{Phase: status.Phase, IP: status.PodIP}
			for _, container := range status.ContainerStatuses {
				got.Running, got.Ready, got.Restarts = container.State.Running != nil, container.Ready, container.RestartCount
				if container.State.Waiting != nil {
					got.Waiting = container.State.Waiting.Reason
				}
			}
			for _, condition := range status.Conditions {
				switch condition.Type {
				case corev1.PodScheduled:
					got.Scheduled = condition.Status
				case corev1.PodReady:
					got.PodReady, got.Reason, got.ReadyMessage = condition.Status, condition.Reason, condition.Message
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			pod.Status = status
			if !same(pod.Status, test.condition.status(pod)) {
				t.Error("an unchanged status would be reported again")
			}
		})
	}
}

func TestTransition(t *testing.T) {
	old := metav1.NewTime(time.Unix(1000, 0))
	before := []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: old}}
	if got := transition(before, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue}); !got.Equal(&old) {
		t.Errorf("nothing changed, but the time did: %s", got)
	}
	if got := transition(before, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse}); got.Equal(&old) {
		t.Error("the status changed, but the time did not")
	}
}

func TestImageMissing(t *testing.T) {
	for image, want := range map[string]bool{"coder-service:1.21.7": false, "coder-service:missing": true, "missing/coder:1": true} {
		if got := imageMissing(image); got != want {
			t.Errorf("%s: %v", image, got)
		}
	}
}
