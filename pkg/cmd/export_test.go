package cmd

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/export"
)

// asked counts the requests to the world's cluster.
func (w *world) asked() *atomic.Int64 {
	var count atomic.Int64
	inner := w.api.Config.Handler
	w.api.Config.Handler = http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		count.Add(1)
		inner.ServeHTTP(answer, r)
	})
	return &count
}

func (w *world) fleet(t *testing.T, chart, regions string) string {
	return writeFile(t, "fleet.yaml", "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\ncoder: {url: "+w.primary.URL()+"}\nchart: {"+chart+"}\nregions: ["+regions+"]\n")
}

const twoRegions = "{name: sydney, context: sydney, accessURL: https://coder-sydney.example.com}, {name: london, context: none, accessURL: https://coder-london.example.com}"

// The primary is asked for what is missing, and no cluster for anything; nothing is missing from a Fleet that says it all.
func TestExportContactsNobody(t *testing.T) {
	w := newWorld(t)
	clusters := w.asked()
	flags := []string{"--context", "sydney", "--access-url", "https://coder-sydney.example.com"}
	for _, by := range []string{"flux", "argocd"} {
		follows := w.run(t.Context(), t, append([]string{"export", by}, flags...)...)
		pinned := w.run(t.Context(), t, append([]string{"export", by, "--chart-version", "1.21.7"}, flags...)...)
		if follows.code != 0 || follows.out != pinned.out || !strings.Contains(follows.out, "1.21.7") || !strings.Contains(follows.out, "primaryURL: "+w.primary.URL()) {
			t.Errorf("export %s: exit code %d, %s%s", by, follows.code, follows.out, follows.errOut)
		}
	}
	w.getenv = map[string]string{}
	if got := w.run(t.Context(), t, "export", "argocd", "-f", w.fleet(t, "version: 1.21.7", twoRegions)); got.code != 0 || strings.Count(got.out, "kind: Application\n") != 2 {
		t.Errorf("without a login: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	if got := w.run(t.Context(), t, "export", "argocd", "-f", w.fleet(t, "", twoRegions)); got.code != exitPreflightFailed || !strings.Contains(got.errOut, "coder login") || got.out != "" {
		t.Errorf("without a version or a login: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	if n := clusters.Load(); n > 0 {
		t.Errorf("%d requests to a cluster", n)
	}
}

// What has a cluster of its own gets a file of its own; a file of somebody else's is left as it is.
func TestExportToFolder(t *testing.T) {
	w := newWorld(t)
	file := w.fleet(t, "version: 1.21.7", twoRegions)
	if got := w.run(t.Context(), t, "export", "flux", "-f", file); got.code != exitUsage || got.out != "" || !strings.Contains(got.errOut, "--output-dir") {
		t.Errorf("two clusters in one stream: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	sydney, london := filepath.Join(dir, "sydney.yaml"), filepath.Join(dir, "london.yaml")
	for range 2 {
		if got := w.run(t.Context(), t, "export", "flux", "-f", file, "--output-dir", dir); got.code != 0 || got.out != "wrote "+sydney+"\nwrote "+london+"\n" {
			t.Fatalf("exit code %d, %s%s", got.code, got.out, got.errOut)
		}
	}
	printed := w.run(t.Context(), t, "export", "flux", "-f", file, "--region", "sydney")
	if written, err := os.ReadFile(sydney); err != nil || string(written) != printed.out {
		t.Errorf("%v (-printed +written):\n%s", err, cmp.Diff(printed.out, string(written)))
	}
	for _, theirs := range []string{"", "kind: Kustomization\n"} {
		if err := os.WriteFile(london, []byte(theirs), 0o600); err != nil {
			t.Fatal(err)
		}
		got := w.run(t.Context(), t, "export", "flux", "-f", file, "--output-dir", dir)
		if there, err := os.ReadFile(london); got.code != exitFailed || !strings.Contains(got.errOut, london+" was not written by export: move it away") || err != nil || string(there) != theirs {
			t.Errorf("exit code %d, %s: %q, %v", got.code, got.errOut, there, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if got := w.run(t.Context(), t, "export", "flux", "-f", file, "--output-dir", file); got.code != exitFailed || !strings.Contains(got.errOut, file) {
		t.Errorf("into a file: exit code %d, %s", got.code, got.errOut)
	}
}

// An error is the command line's, says what to type next as it is, and quotes no value.
func TestExportRefusals(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"--set", "coderd.password=hunter2"}, "--values-from NAME[:KEY]"},
		{[]string{"--chart", "./coder"}, "the chart coder is a folder or file on this machine"},
		{[]string{"--satellite", "none", "--provider", "sydney"}, "there is nothing to export"},
		{[]string{"--set", "coderd.satellite.primaryURL=https://x.example.com"}, "coderd.satellite.primaryURL"},
		{[]string{"--output", "json"}, "unknown flag: --output; did you mean --output-dir?"},
	} {
		args := []string{"export", "flux", "--context", "sydney", "--chart-version", "1.21.7"}
		if !strings.Contains(strings.Join(test.args, " "), "none --provider") {
			args = append(args, "--access-url", "https://coder-sydney.example.com")
		}
		got := w.run(t.Context(), t, append(args, test.args...)...)
		if got.code != exitUsage || !strings.Contains(got.errOut, test.says) || got.out != "" || strings.Contains(got.errOut, "hunter2") {
			t.Errorf("%v: exit code %d, %s%s", test.args, got.code, got.out, got.errOut)
		}
	}
}

// The files of a hub or of an ApplicationSet are about the whole fleet: those of a selection would replace them by less.
func TestExportOfSelection(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	file := filepath.Join(dir, "fleet.yaml")
	text := "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\ncoder: {url: 'https://coder.example.com'}\nchart: {version: 1.21.7}\nregions:\n" +
		"- {name: sydney, context: sydney, accessURL: 'https://sydney.example.com'}\n- {name: london, context: london, accessURL: 'https://london.example.com'}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, what := range [][]string{{"argocd", "--application-set"}, {"flux", "--kubeconfig-secret-ref", "{region}-kubeconfig"}} {
		args := append([]string{"export"}, append(what, "-f", file, "--output-dir", filepath.Join(dir, "out"))...)
		got := w.run(t.Context(), t, append(args, "--region", "sydney")...)
		if got.code != exitUsage || !strings.Contains(got.errOut, "belong together: export all regions") || got.out != "" {
			t.Errorf("%v: exit code %d, %s%s", what, got.code, got.out, got.errOut)
		}
		if got := w.run(t.Context(), t, args...); got.code != 0 || !strings.Contains(got.out, "wrote ") {
			t.Errorf("%v, all: exit code %d, %s%s", what, got.code, got.out, got.errOut)
		}
	}
}

func TestFlagsBecomeExport(t *testing.T) {
	flux, err := optionsOf(newExport, "flux", "--kubeconfig-secret-ref", "{region}-k", "--hub-namespace", "hub", "--values-from", "a", "--values-from", "b:c", "--output-dir", "d")
	want := export.Options{KubeconfigSecret: "{region}-k", HubNamespace: "hub", ValuesSecrets: []string{"a", "b:c"}}
	if diff := cmp.Diff(want, flux.Options); diff != "" || err != nil || flux.dir != "d" || flux.flags.AccessURLOptional {
		t.Errorf("%v %+v\n%s", err, flux, diff)
	}
	argo, err := optionsOf(newExport, "argocd", "--argocd-namespace", "a", "--project", "p", "--application-set")
	if diff := cmp.Diff(export.Options{ArgoNamespace: "a", Project: "p", ApplicationSet: true}, argo.Options); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if code, message := ExitCode(flagsOf(newExport)("helm")); code != exitUsage || !strings.Contains(message, "--help") {
		t.Errorf("exit code %d, %s", code, message)
	}
}
