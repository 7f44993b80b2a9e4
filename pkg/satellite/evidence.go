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

// Bounds of evidence: the longest file, how many of a container's last log lines
// are kept, and of how many pods.
const (
	maxEvidence   = 256 << 10
	evidenceLines = 50
	evidencePods  = 5
)

// Evidence returns what can be seen of the satellite as files by name: its own
// pods' states, the namespace's events and the last lines of each container's
// log, of the newest pods, all read in parallel. It holds nothing of Secrets.
// What could not be read is in the error; the rest is returned all the same.
func (r Release) Evidence(ctx context.Context) (map[string][]byte, error) {
	e := &evidence{objects: r.objects(), files: map[string][]byte{}}
	e.Go(func() { e.addEvents(ctx) })
	e.Go(func() { e.addPods(ctx) })
	e.Wait()
	return e.files, errors.Join(e.errs...)
}

// evidence is what was gathered so far.
type evidence struct {
	objects
	sync.WaitGroup

	mu    sync.Mutex
	files map[string][]byte
	errs  []error
}

// add keeps a file, unless err says why there is none.
func (e *evidence) add(name string, content []byte, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.errs = append(e.errs, err)
		return
	}
	e.files[name] = content[:min(len(content), maxEvidence)]
}

func (e *evidence) addYAML(name string, content any) {
	text, err := yaml.Marshal(content)
	e.add(name, text, err)
}

func (e *evidence) addEvents(ctx context.Context) {
	events, err := e.client.CoreV1().Events(e.namespace).List(ctx, metav1.ListOptions{Limit: 500})
	if err != nil {
		e.add("", nil, fmt.Errorf("the events cannot be listed: %w", err))
		return
	}
	e.addYAML("events.yaml", eventLines(events.Items))
}

func (e *evidence) addPods(ctx context.Context) {
	pods, err := e.pods(ctx)
	if err != nil {
		e.add("", nil, fmt.Errorf("the pods cannot be listed: %w", err))
		return
	}
	slices.SortFunc(pods, newestFirst)
	states := map[string]corev1.PodStatus{}
	for _, pod := range pods[:min(len(pods), evidencePods)] {
		states[pod.Name] = pod.Status
		for _, container := range pod.Spec.Containers {
			e.Go(func() { e.addLog(ctx, pod.Name, container.Name) })
		}
	}
	e.addYAML("pods.yaml", states)
}

func (e *evidence) addLog(ctx context.Context, pod, container string) {
	log, err := e.client.CoreV1().Pods(e.namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, TailLines: ptr.To[int64](evidenceLines), LimitBytes: ptr.To[int64](maxEvidence),
	}).DoRaw(ctx)
	if err != nil {
		err = fmt.Errorf("the log of pod %s cannot be read: %w", pod, err)
	}
	e.add(fmt.Sprintf("%s-%s.log", pod, container), log, err)
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
