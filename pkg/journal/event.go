package journal

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// maxEventMessage is the longest message that the API takes in an Event.
const maxEventMessage = 1024

// Emit records a step as an Event on the journal's ConfigMap; `kubectl describe` lists those with its UID. It takes one
// request. Its failure changes nothing: Events are for people to read.
func Emit(ctx context.Context, client kubernetes.Interface, journal types.NamespacedName, uid types.UID, operation string,
	result v1alpha1.StepResult, at metav1.Time,
) error {
	kind, message := corev1.EventTypeNormal, result.Message
	if result.Error != "" {
		kind, message = corev1.EventTypeWarning, result.Error
	}
	_, err := client.CoreV1().Events(journal.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: journal.Name + "-", Namespace: journal.Namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: journal.Namespace, Name: journal.Name, UID: uid},
		Type:           kind,
		Reason:         reason(result),
		Message:        bounded(fmt.Sprintf("%s %s: %s", operation, result.Name, redact.Text(message)), maxEventMessage),
		Source:         corev1.EventSource{Component: "kubectl-coder-satellite"},
		FirstTimestamp: at,
		LastTimestamp:  at,
		Count:          1,
	}, metav1.CreateOptions{})
	return err
}

// reason writes a step and its state as Kubernetes writes reasons: "EnableNetworkingV2Done".
func reason(result v1alpha1.StepResult) string {
	var reason strings.Builder
	for word := range strings.SplitSeq(result.Name, "-") {
		if word != "" { // names are ASCII
			reason.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return reason.String() + string(result.State)
}

func bounded(text string, limit int) string {
	const mark = "..."
	if len(text) <= limit {
		return text
	}
	// The cut may split a character, and the API takes whole ones only.
	return strings.ToValidUTF8(text[:limit-len(mark)], "") + mark
}
