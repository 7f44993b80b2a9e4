package satellite

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// maxEvidence is the longest file of evidence, and evidenceLines how many of a
// container's last log lines are kept.
const (
	maxEvidence   = 256 << 10
	evidenceLines = 50
)

// Evidence returns what can be seen of the satellite as files by name: its
// pods' states, the namespace's events and the last lines of each container's
// log. It holds nothing of Secrets. What could not be read is in the error;
// the rest is returned all the same.
func Evidence(ctx context.Context, access *cluster.Access, namespace string) (map[string][]byte, error) {
	files := map[string][]byte{}
	var errs []error
	client := access.Clientset()
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return files, fmt.Errorf("the pods cannot be listed: %w", err)
	}
	states := map[string]corev1.PodStatus{}
	for _, pod := range pods.Items {
		states[pod.Name] = pod.Status
		for _, container := range pod.Spec.Containers {
			log, err := client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
				Container: container.Name, TailLines: ptr.To[int64](evidenceLines), LimitBytes: ptr.To[int64](maxEvidence),
			}).DoRaw(ctx)
			if err != nil {
				errs = append(errs, fmt.Errorf("the log of pod %s cannot be read: %w", pod.Name, err))
				continue
			}
			files[fmt.Sprintf("%s-%s.log", pod.Name, container.Name)] = log
		}
	}
	errs = append(errs, addYAML(files, "pods.yaml", states))
	events, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{Limit: 500})
	if err != nil {
		errs = append(errs, fmt.Errorf("the events cannot be listed: %w", err))
	} else {
		errs = append(errs, addYAML(files, "events.yaml", eventLines(events.Items)))
	}
	return files, errors.Join(errs...)
}

func eventLines(events []corev1.Event) []string {
	lines := make([]string, 0, len(events))
	for i := range events {
		event := &events[i]
		lines = append(lines, fmt.Sprintf("%s %s %s/%s %s: %s", eventTime(event).UTC().Format("15:04:05"), event.Type,
			event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Reason, event.Message))
	}
	return lines
}

func addYAML(files map[string][]byte, name string, content any) error {
	text, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	files[name] = text[:min(len(text), maxEvidence)]
	return nil
}
