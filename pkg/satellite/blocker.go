package satellite

import (
	"cmp"
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// BlockedError says what keeps a satellite from becoming ready.
type BlockedError struct {
	Object    string // "Pod coderd-5d9c" or "Deployment coderd"
	Reason    string // the API's reason, for example "ImagePullBackOff"
	Message   string // the API's message
	LastEvent string // the object's last event; empty if there is none
	Hopeless  bool   // waiting will not help
}

func (e *BlockedError) Error() string {
	text := e.Object + ": " + e.Reason
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.LastEvent != "" && e.LastEvent != e.Message {
		text += " (last event: " + e.LastEvent + ")"
	}
	return text
}

// hopelessReason reports whether a container's or pod's state does not resolve by itself.
func hopelessReason(reason string) bool {
	return slices.Contains([]string{
		"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "Unschedulable",
	}, reason)
}

// crashes is how many restarts count as a lasting crash.
const crashes = 3

// blockerOf returns what keeps the Deployment from being ready, preferably a pod that says why; nil if it is ready.
func blockerOf(deployment *appsv1.Deployment, pods []corev1.Pod) *BlockedError {
	object := "Deployment " + Workload
	if deployment == nil {
		return &BlockedError{Object: object, Reason: "it does not exist"}
	}
	if replicas := deployment.Spec.Replicas; replicas != nil && *replicas == 0 { // kstatus calls this current
		return &BlockedError{Object: object, Reason: "it is scaled to 0 replicas", Hopeless: true,
			Message: "nobody is served: scale it up, or set coderd.replicas in the values"}
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(deployment)
	if err != nil {
		return &BlockedError{Object: object, Reason: err.Error()}
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetAPIVersion("apps/v1")
	u.SetKind("Deployment")
	result, err := status.Compute(u)
	switch {
	case err != nil:
		return &BlockedError{Object: object, Reason: err.Error()}
	case result.Status == status.CurrentStatus:
		return nil
	}
	slices.SortFunc(pods, newestFirst)
	for i := range pods {
		if blocked := podBlocker(&pods[i]); blocked != nil {
			return blocked
		}
	}
	return &BlockedError{Object: object, Reason: string(result.Status), Message: result.Message}
}

func newestFirst(a, b corev1.Pod) int {
	return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
}

// podBlocker returns what keeps a pod from being ready; nil if it is ready or being deleted.
func podBlocker(pod *corev1.Pod) *BlockedError {
	if pod.DeletionTimestamp != nil {
		return nil
	}
	blocked := &BlockedError{Object: "Pod " + pod.Name}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if waiting := container.State.Waiting; waiting != nil && waiting.Reason != "ContainerCreating" && waiting.Reason != "PodInitializing" {
			blocked.Reason, blocked.Message = waiting.Reason, waiting.Message
			blocked.Hopeless = hopelessReason(waiting.Reason) || container.RestartCount >= crashes
			return blocked
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status != corev1.ConditionFalse {
			continue
		}
		switch condition.Type {
		case corev1.PodScheduled:
			blocked.Reason, blocked.Message = cmp.Or(condition.Reason, "not scheduled"), condition.Message
			blocked.Hopeless = hopelessReason(condition.Reason)
			return blocked
		case corev1.PodReady:
			blocked.Reason, blocked.Message = cmp.Or(condition.Reason, "not ready"), condition.Message
		}
	}
	if blocked.Reason == "" && pod.Status.Phase != corev1.PodRunning {
		blocked.Reason = cmp.Or(string(pod.Status.Phase), "Pending")
	}
	if blocked.Reason == "" {
		return nil
	}
	return blocked
}
