package satellite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

// rolling is a Deployment of one replica that is not ready yet.
func rolling() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "coderd", Generation: 1},
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To[int32](1)},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1},
	}
}

func rolledOut() *appsv1.Deployment {
	d := rolling()
	d.Status.ReadyReplicas, d.Status.AvailableReplicas = 1, 1
	d.Status.Conditions = []appsv1.DeploymentCondition{
		{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue},
		{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
	}
	return d
}

// scaled is a Deployment that has finished scaling to this size.
func scaled(replicas int32) *appsv1.Deployment {
	d := rolledOut()
	d.Spec.Replicas = ptr.To(replicas)
	d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.ReadyReplicas, d.Status.AvailableReplicas = replicas, replicas, replicas, replicas
	return d
}

// pod is a pod of this age, with the test's changes.
func pod(name string, age time.Duration, change func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(1_600_000_000, 0).Add(-age))},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func waiting(reason, message string, restarts int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			RestartCount: restarts, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
		}}
	}
}

func condition(kind corev1.PodConditionType, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: kind, Status: corev1.ConditionFalse, Reason: reason, Message: message}}
	}
}

func TestBlocker(t *testing.T) {
	for name, test := range map[string]struct {
		deployment *appsv1.Deployment
		pods       []corev1.Pod
		want       *BlockedError
	}{
		"rolled out": {rolledOut(), []corev1.Pod{pod("a", 0, waiting("ImagePullBackOff", "", 0))}, nil},
		"scaled to 0": {scaled(0), nil, &BlockedError{
			Object: "Deployment coderd", Reason: "it is scaled to 0 replicas", Hopeless: true,
			Message: "nobody is served: scale it up, or set coderd.replicas in the values",
		}},
		"no Deployment":     {nil, nil, &BlockedError{Object: "Deployment coderd", Reason: "it does not exist"}},
		"no pod says why":   {rolling(), []corev1.Pod{pod("a", 0, nil)}, &BlockedError{Object: "Deployment coderd", Reason: "InProgress", Message: "Available: 0/1"}},
		"image":             {rolling(), []corev1.Pod{pod("a", 0, waiting("ImagePullBackOff", "no such image", 0))}, &BlockedError{Object: "Pod a", Reason: "ImagePullBackOff", Message: "no such image", Hopeless: true}},
		"Secret":            {rolling(), []corev1.Pod{pod("a", 0, waiting("CreateContainerConfigError", `secret "x" not found`, 0))}, &BlockedError{Object: "Pod a", Reason: "CreateContainerConfigError", Message: `secret "x" not found`, Hopeless: true}},
		"crashed once":      {rolling(), []corev1.Pod{pod("a", 0, waiting("CrashLoopBackOff", "", 1))}, &BlockedError{Object: "Pod a", Reason: "CrashLoopBackOff"}},
		"crashes":           {rolling(), []corev1.Pod{pod("a", 0, waiting("CrashLoopBackOff", "", 3))}, &BlockedError{Object: "Pod a", Reason: "CrashLoopBackOff", Hopeless: true}},
		"being created":     {rolling(), []corev1.Pod{pod("a", 0, waiting("ContainerCreating", "", 0))}, &BlockedError{Object: "Deployment coderd", Reason: "InProgress", Message: "Available: 0/1"}},
		"unschedulable":     {rolling(), []corev1.Pod{pod("a", 0, condition(corev1.PodScheduled, "Unschedulable", "0/3 nodes"))}, &BlockedError{Object: "Pod a", Reason: "Unschedulable", Message: "0/3 nodes", Hopeless: true}},
		"not scheduled yet": {rolling(), []corev1.Pod{pod("a", 0, condition(corev1.PodScheduled, "", ""))}, &BlockedError{Object: "Pod a", Reason: "not scheduled"}},
		"not ready":         {rolling(), []corev1.Pod{pod("a", 0, condition(corev1.PodReady, "ContainersNotReady", "coderd"))}, &BlockedError{Object: "Pod a", Reason: "ContainersNotReady", Message: "coderd"}},
		"pending":           {rolling(), []corev1.Pod{pod("a", 0, func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending })}, &BlockedError{Object: "Pod a", Reason: "Pending"}},
		"the newest pod": {rolling(), []corev1.Pod{
			pod("old", time.Hour, waiting("CrashLoopBackOff", "", 9)), pod("new", 0, condition(corev1.PodReady, "", "")),
		}, &BlockedError{Object: "Pod new", Reason: "not ready"}},
		"a pod on its way out": {rolling(), []corev1.Pod{
			pod("gone", 0, func(p *corev1.Pod) { waiting("ImagePullBackOff", "", 0)(p); p.DeletionTimestamp = &metav1.Time{} }),
			pod("old", time.Hour, waiting("CrashLoopBackOff", "", 1)),
		}, &BlockedError{Object: "Pod old", Reason: "CrashLoopBackOff"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, blockerOf(test.deployment, test.pods)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBlockedErrorText(t *testing.T) {
	for want, blocked := range map[string]BlockedError{
		"Pod a: Unschedulable":                                {Object: "Pod a", Reason: "Unschedulable"},
		"Pod a: Unschedulable: 0/3 nodes":                     {Object: "Pod a", Reason: "Unschedulable", Message: "0/3 nodes", LastEvent: "0/3 nodes"},
		"Pod a: not ready: coderd (last event: probe failed)": {Object: "Pod a", Reason: "not ready", Message: "coderd", LastEvent: "probe failed"},
	} {
		if got := blocked.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLastEvent(t *testing.T) {
	event := func(name, message string, at time.Time) *corev1.Event {
		return &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, LastTimestamp: metav1.NewTime(at), Message: message,
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "a"},
		}
	}
	now := time.Unix(1_600_000_000, 0)
	series := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "3"}, EventTime: metav1.NewMicroTime(now.Add(time.Minute)), Message: "series"}
	client := fake.NewClientset(event("1", "pulling", now.Add(-time.Minute)), event("2", "failed", now), series)
	if got := (objects{client, "ns"}).lastEvent(t.Context(), "Pod a"); got != "series" {
		t.Errorf("last event %q", got)
	}
	if got := (objects{fake.NewClientset(), "ns"}).lastEvent(t.Context(), "Pod a"); got != "" {
		t.Errorf("without events %q", got)
	}
}
