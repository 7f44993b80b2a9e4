package cmd

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/export"
)

// waves is a Fleet file of two waves, whose home is the world's cluster.
func (w *world) waves(t *testing.T) string {
	return writeFile(t, "waves.yaml", "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\ncoder: {url: "+w.primary.URL()+"}\nregions: ["+twoRegions+"]\n"+
		"rollout: {home: sydney, waves: [{name: first, regions: [sydney]}, {name: rest}]}\n")
}

// exported runs `export jobs` with an image, without the flags that do not reach the pods.
func (w *world) exported(input string, args ...string) said {
	var out, errOut strings.Builder
	env := Environment{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(input), Out: &out, ErrOut: &errOut},
		Getenv:    func(name string) string { return w.getenv[name] }, Clock: w.clock,
	}
	code := Main(context.Background(), env, append([]string{"export", "jobs", "--kubeconfig", w.kubeconfig}, args...))
	return said{code, out.String(), errOut.String()}
}

const imageFlag = "--image=registry.example.com/coder-satellite:v0.1.0"

// Without --apply nobody is contacted, from a file or standard input; --wave exports the Job of one wave.
func TestExportJobs(t *testing.T) {
	w := newWorld(t)
	clusters := w.asked()
	w.getenv = map[string]string{}
	file := w.waves(t)
	all := w.exported("", "-f", file, imageFlag)
	if all.code != 0 || strings.Count(all.out, "kind: Job\n") != 2 || strings.Count(all.out, "kind: ConfigMap\n") != 1 || all.errOut != "" {
		t.Errorf("exit code %d, %s%s", all.code, all.out, all.errOut)
	}
	one := w.exported("", "-f", file, imageFlag, "--wave", "rest")
	if one.code != 0 || strings.Count(one.out, "kind: Job\n") != 1 || !strings.Contains(one.out, "--wave=rest") {
		t.Errorf("exit code %d, %s%s", one.code, one.out, one.errOut)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if piped := w.exported(string(text), "-f", "-", imageFlag); piped.code != 0 || piped.out != all.out {
		t.Errorf("exit code %d, %s\n%s", piped.code, piped.errOut, cmp.Diff(all.out, piped.out))
	}
	dir := filepath.Join(t.TempDir(), "jobs")
	if got := w.exported("", "-f", file, imageFlag, "--output-dir", dir); got.code != 0 || strings.Count(got.out, "wrote ") != 3 {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	if n := clusters.Load(); n > 0 {
		t.Errorf("%d requests to a cluster", n)
	}
}

// --apply asks, applies to the home or to another cluster, and names what it has applied.
func TestExportJobsApply(t *testing.T) {
	w := newWorld(t)
	var paths []string
	answer := http.StatusOK
	w.api.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		paths = append(paths, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type"))
		out.Header().Set("Content-Type", "application/json")
		if answer != http.StatusOK && strings.HasPrefix(r.URL.Path, "/apis/batch") {
			out.WriteHeader(answer)
			body = []byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","message":"field is immutable","code":422}`)
		}
		_, _ = out.Write(body)
	})
	args := []string{"-f", w.waves(t), imageFlag, "--apply"}
	if got := w.exported("", args...); got.code != exitUsage || !strings.Contains(got.errOut, "give --yes") || len(paths) > 0 {
		t.Errorf("without a terminal: exit code %d, %s%s %v", got.code, got.out, got.errOut, paths)
	}
	got := w.exported("", append(args, "--yes")...)
	want := []string{"Namespace coder-satellite-jobs", "ServiceAccount coder-satellite-jobs/coder-satellite-jobs", "ConfigMap coder-satellite-jobs/coder-satellite-fleet-",
		"Job coder-satellite-jobs/coder-satellite-wave-first", "Job coder-satellite-jobs/coder-satellite-wave-rest"}
	if diff := cmp.Diff("applied "+strings.Join(want, "\napplied ")+"\n", regexp.MustCompile("-fleet-[0-9a-f]{8}").ReplaceAllString(got.out, "-fleet-")); got.code != 0 || diff != "" || len(paths) != len(want) {
		t.Errorf("exit code %d, %s, %v\n%s", got.code, got.errOut, paths, diff)
	}
	for i, path := range []string{"/api/v1/namespaces/coder-satellite-jobs", "/api/v1/namespaces/coder-satellite-jobs/serviceaccounts/coder-satellite-jobs"} {
		if i >= len(paths) || paths[i] != "PATCH "+path+" application/apply-patch+yaml" {
			t.Errorf("request %d of %q", i, paths)
		}
	}
	answer = http.StatusUnprocessableEntity
	if got := w.exported("", append(args, "--yes", "--home", "elsewhere")...); got.code != exitFailed || strings.Contains(got.out, "applied") {
		t.Errorf("elsewhere: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	got = w.exported("", append(args, "--yes")...)
	if got.code != exitFailed || !strings.Contains(got.errOut, "Job coder-satellite-jobs/coder-satellite-wave-first was not applied: ") || strings.Count(got.out, "applied") != 3 {
		t.Errorf("refused: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	if got := w.exported("", append(args, "--yes", "--home", "nowhere")...); got.code != exitUsage || !strings.Contains(got.errOut, "--home: ") {
		t.Errorf("nowhere: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
}

func TestExportJobsRefusals(t *testing.T) {
	w := newWorld(t)
	file := w.waves(t)
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"-f", file}, "name the plugin's image"},
		{[]string{imageFlag}, "Jobs need a Fleet file"},
		{[]string{"-f", file, imageFlag, "--shards", "-1"}, "--shards is -1"},
		{[]string{"-f", file, imageFlag, "--coder-url", "https://x.example.com"}, "do not reach the pods"},
		{[]string{"-f", file + "x", imageFlag}, "no such file"},
		{[]string{"-f", w.fleet(t, "", twoRegions), imageFlag}, "rollout.home is missing"},
		{[]string{"-f", file, imageFlag, "--wave", "other"}, `no wave "other"`},
	} {
		got := w.exported("", test.args...)
		if got.code != exitUsage || !strings.Contains(got.errOut, test.says) || got.out != "" {
			t.Errorf("%v: exit code %d, %s%s", test.args, got.code, got.out, got.errOut)
		}
	}
}

func TestFlagsBecomeJobs(t *testing.T) {
	got, err := optionsOf(newExportJobs, "-f", "f", "--image", "i", "--shards", "3", "--kubeconfig-secret-ref", "k", "--token-secret-ref", "t", "--jobs-namespace", "n",
		"--home", "h", "--output-dir", "d", "--apply", "-y")
	want := export.JobOptions{Image: "i", Namespace: "n", KubeconfigSecret: "k", TokenSecret: "t", Shards: 3}
	if diff := cmp.Diff(want, got.JobOptions); diff != "" || err != nil || got.home != "h" || got.dir != "d" || !got.apply || !got.yes {
		t.Errorf("%v %+v\n%s", err, got, diff)
	}
}
