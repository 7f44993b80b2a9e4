package satellite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

// Bounds of evidence: the longest file in bytes, the last log lines kept of each container, and the pods.
const (
	maxEvidence   = 256 << 10
	evidenceLines = 50
	evidencePods  = 5
)

// Evidence returns the satellite's observable state as files by name: its pods' states, the namespace's events and the
// last log lines of each container of the newest pods, all read in parallel. It holds nothing of Secrets. The error
// says what could not be read; the rest is returned all the same.
func (r Release) Evidence(ctx context.Context) (map[string][]byte, error) {
	var (
		files = map[string][]byte{}
		errs  []error
		mu    sync.Mutex
		group sync.WaitGroup
		o     = r.objects()
	)
	add := func(name string, read func() ([]byte, error)) {
		group.Go(func() {
			content, err := read()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
				return
			}
			files[name] = content[:min(len(content), maxEvidence)]
		})
	}
	add("events.yaml", func() ([]byte, error) {
		events, err := o.client.CoreV1().Events(r.namespace).List(ctx, metav1.ListOptions{Limit: 500})
		if err != nil {
			return nil, err
		}
		lines := []string{}
		for _, event := range events.Items {
			lines = append(lines, fmt.Sprintf("%s %s %s/%s %s: %s", eventTime(&event).UTC().Format("15:04:05"), event.Type,
				event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Reason, event.Message))
		}
		return yaml.Marshal(lines)
	})
	add("pods.yaml", func() ([]byte, error) {
		pods, err := o.pods(ctx)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(pods, newestFirst)
		states := map[string]corev1.PodStatus{}
		for _, pod := range pods[:min(len(pods), evidencePods)] {
			states[pod.Name] = pod.Status
			for _, container := range pod.Spec.Containers {
				log := o.client.CoreV1().Pods(r.namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
					Container: container.Name, TailLines: ptr.To[int64](evidenceLines), LimitBytes: ptr.To[int64](maxEvidence),
				})
				add(fmt.Sprintf("%s-%s.log", pod.Name, container.Name), func() ([]byte, error) { return log.DoRaw(ctx) })
			}
		}
		return yaml.Marshal(states)
	})
	group.Wait()
	return files, errors.Join(errs...)
}
