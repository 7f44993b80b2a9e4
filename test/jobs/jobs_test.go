//go:build linux

package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// indexLabel is the Job controller's: which of a Job's pods it is.
const indexLabel = "batch.kubernetes.io/job-completion-index"

const (
	disturbances = 9 // pods that are deleted, evicted or killed; fewer if the Jobs are too fast
	enough       = 6
	atMost       = 2 // of them in one place: a killed pod counts as a failure, and the next one waits longer
	deadline     = 15 * time.Minute
)

// TestJobs: Jobs migrate the fleet, whatever happens to their pods. The waves keep their order, no region is worked on twice
// at once, and the rule holds whenever somebody looks.
func TestJobs(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	file := fleet(t)
	result := lab.Plugin(ctx, "export", "jobs", "-f", file, "--image", image, "--apply", "--yes")
	if result.Code != 0 || strings.Count(result.Stdout, "applied Job") != 3 || strings.Contains(result.Stderr, "PodSecurity") {
		t.Fatal(result)
	}
	flat := lab.Path("flat.kubeconfig") // as a Secret needs it, without paths
	if err := os.WriteFile(flat, []byte(kubectl(ctx, t, "config", "view", "--raw", "--flatten")), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := []string{"--namespace", namespace, "create", "secret", "generic"}
	kubectl(ctx, t, append(secret, "coder-satellite-kubeconfig", "--from-file=kubeconfig="+flat)...)
	kubectl(ctx, t, append(secret, "coder-satellite-token", "--from-file=token="+lab.TokenFiles["manager"])...)

	access, err := lab.Access(home)
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := &watcher{t: t, client: access.Clientset(), random: rand.New(rand.NewPCG(seed, 0)), disturbed: map[string]int{}}
	for _, name := range slices.Concat(waves()...) {
		views, err := meddle.Views(lab, name)
		if err != nil {
			t.Fatal(err)
		}
		w.views = append(w.views, views...)
	}
	ticker := time.NewTicker(300 * time.Millisecond)
	defer ticker.Stop()
	for ; !w.finished(ctx); <-ticker.C {
		w.look(ctx)
		w.disturb(ctx)
		if ctx.Err() != nil {
			t.Fatalf("the Jobs did not end:\n%s", kubectl(context.WithoutCancel(ctx), t, "get", "jobs,pods", "--all-namespaces"))
		}
	}
	if t.Logf("%d pods were disturbed: %v", w.total(), w.disturbed); w.total() < enough {
		t.Error("too few pods were disturbed")
	}
	if w.seen == 0 {
		t.Error("no process was seen")
	}
	for _, view := range w.views {
		facts, err := view.Look(ctx)
		if err == nil {
			err = facts.Complete()
		}
		if err != nil {
			t.Errorf("%s: %v", view.Region, err)
		}
	}
	logs := lab.Path("pods.log")
	text := kubectl(ctx, t, "logs", "--namespace", namespace, "--selector", "app.kubernetes.io/name=coder-satellite", "--tail=-1", "--ignore-errors")
	if err := os.WriteFile(logs, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var merged v1alpha1.MigrationReport
	result = lab.Plugin(ctx, "report", "--merge", logs, "-o", "json")
	if err := json.Unmarshal([]byte(result.Stdout), &merged); err != nil || result.Code != 0 || merged.Outcome != v1alpha1.OutcomeSucceeded || len(merged.Regions) != len(w.views) {
		t.Errorf("the merged report: %v\n%s", err, result)
	}
	if got := lab.Plugin(ctx, "migrate", "-f", file, "--yes"); got.Code != 0 || !strings.Contains(got.Stdout, "nothing to do") {
		t.Errorf("migrate after the Jobs: %s", got)
	}
}

// watcher looks at the Jobs, their pods and the regions, and disturbs pods.
type watcher struct {
	t         *testing.T
	client    kubernetes.Interface
	random    *rand.Rand
	views     []*meddle.View
	disturbed map[string]int // by Job and index
	seen      int            // processes
}

func (w *watcher) total() (sum int) {
	for _, times := range w.disturbed {
		sum += times
	}
	return sum
}

// finished reports whether all Jobs are complete. It fails the test once one has failed.
func (w *watcher) finished(ctx context.Context) bool {
	jobs, err := w.client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false
	}
	complete := 0
	for _, job := range jobs.Items {
		for _, condition := range job.Status.Conditions {
			if condition.Status != corev1.ConditionTrue {
				continue
			}
			switch condition.Type {
			case batchv1.JobComplete:
				complete++
			case batchv1.JobFailed, batchv1.JobFailureTarget:
				w.t.Fatalf("%s failed: %s\n%s", job.Name, condition.Message, w.logs(job.Name))
			}
		}
		if job.Status.FailedIndexes != nil && *job.Status.FailedIndexes != "" {
			w.t.Fatalf("%s: index %s failed\n%s", job.Name, *job.Status.FailedIndexes, w.logs(job.Name))
		}
	}
	return complete == len(waves())
}

// logs are what the pods of a Job have written.
func (w *watcher) logs(job string) string {
	files, _ := os.ReadDir(lab.Path(home, "pods"))
	var all strings.Builder
	for _, file := range files {
		if strings.HasPrefix(file.Name(), namespace+"_"+job) {
			data, _ := os.ReadFile(lab.Path(home, "pods", file.Name()))
			fmt.Fprintf(&all, "== %s\n%s\n", file.Name(), data)
		}
	}
	return all.String()
}

// look checks the processes, the rule and the waves' order.
func (w *watcher) look(ctx context.Context) {
	for shard, several := range processes() {
		w.seen++
		if several > 1 {
			w.t.Errorf("%d processes of %s at once", several, shard)
		}
	}
	view := w.views[w.random.IntN(len(w.views))]
	facts, err := view.Look(ctx)
	if err != nil {
		return // the next look is at another
	}
	if err := facts.Rule(); err != nil {
		w.t.Errorf("%s: %v\n%s", view.Region, err, facts)
	}
	state, err := lab.State()
	if err != nil {
		return
	}
	on := map[string]bool{}
	for _, view := range w.views {
		if provider, err := view.AtPrimary(state); err == nil && provider.EnableNetV2 != nil && *provider.EnableNetV2 {
			on[view.Region] = true
		}
	}
	for i, names := range waves()[1:] {
		for _, name := range names {
			if missing := slices.DeleteFunc(slices.Clone(waves()[i]), func(name string) bool { return on[name] }); on[name] && len(missing) > 0 {
				w.t.Errorf("%s is switched on, and %v of the wave before are not", name, missing)
			}
		}
	}
}

// processes counts the processes of the lab's pods by wave and shard.
func processes() map[string]int {
	found := map[string]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		data, _ := os.ReadFile(file) // one that has ended has none
		words := strings.Split(string(data), "\x00")
		if wave := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "--wave=") }); wave > 0 && strings.Contains(words[2], lab.Dir) {
			found[words[wave]+words[wave+1]]++
		}
	}
	return found
}

// disturb deletes, evicts or kills one of the pods whose process runs, most times not at all.
func (w *watcher) disturb(ctx context.Context) {
	pods, err := w.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	running := map[string][]corev1.Pod{}
	for _, pod := range pods.Items {
		if place := pod.Labels[batchv1.JobNameLabel] + "/" + pod.Labels[indexLabel]; pod.Status.Phase == corev1.PodRunning {
			running[place] = append(running[place], pod)
		}
	}
	for place, several := range running {
		if len(several) > 1 {
			w.t.Errorf("%s has %d pods at once", place, len(several))
		}
	}
	maps.DeleteFunc(running, func(place string, _ []corev1.Pod) bool { return w.disturbed[place] == atMost })
	if len(running) == 0 || w.total() == disturbances || w.random.IntN(8) > 0 {
		return
	}
	places := slices.Sorted(maps.Keys(running))
	place := places[w.random.IntN(len(places))]
	pod := running[place][0]
	if pod.DeletionTimestamp != nil {
		return
	}
	now, api := int64(0), w.client.CoreV1().Pods(namespace)
	switch w.total() % 3 { // each of them, in turn
	case 0:
		err = api.Delete(ctx, pod.Name, metav1.DeleteOptions{})
	case 1:
		err = api.EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: namespace}})
	default:
		err = api.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
	}
	if err == nil {
		w.disturbed[place]++
	}
}
