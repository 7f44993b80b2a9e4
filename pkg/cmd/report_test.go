package cmd

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

const (
	anEvent = `{"apiVersion":"coder-satellite.dev/v1alpha1","kind":"Progress","time":"2026-03-04T05:06:07Z","region":"sydney","state":"Running","message":"create the record --password=hunter2","attention":true,"step":"expose-satellite"}` + "\n"
	aStatus = `{"apiVersion":"coder-satellite.dev/v1alpha1","kind":"StatusReport","primary":{"url":"https://x"},"outcome":"Succeeded","taken":null,"regions":[]}`
)

// reported runs the verb `report` on an input.
func reported(input string, args ...string) said {
	var out, errOut strings.Builder
	env := Environment{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(input), Out: &out, ErrOut: &errOut}}
	code := Main(context.Background(), env, append([]string{"report"}, args...))
	return said{code, out.String(), errOut.String()}
}

func TestReportOfDocuments(t *testing.T) {
	events := writeFile(t, "events.ndjson", anEvent+anEvent[:40]) // the truncated line that a killed run leaves
	for name, test := range map[string]struct {
		input string
		args  []string
		says  string
	}{
		"markdown by default": {aStatus, []string{"-"}, "# Status: succeeded"},
		"junit":               {aStatus, []string{"-", "-o", "junit"}, `<testsuites name="coder-satellite">`},
		"prometheus":          {aStatus, []string{"-", "-o", "prometheus"}, "coder_satellite_status_timestamp_seconds"},
		"html with events":    {aStatus, []string{"-", events, "-o", "html"}, "create the record --password=(redacted)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := reported(test.input, test.args...); got.code != 0 || got.errOut != "" || !strings.Contains(got.out, test.says) {
				t.Errorf("exit code %d, %s\n%s", got.code, got.errOut, got.out)
			}
		})
	}
}

// Input that is not a document is refused by name before anything is written.
func TestReportRefuses(t *testing.T) {
	file := func(text string) string { return writeFile(t, "x.json", text) }
	page := filepath.Join(t.TempDir(), "page.html")
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no file":              {nil, "name the files to report on"},
		"a file that is not":   {[]string{"none.json"}, "cannot report on none.json: open none.json"},
		"nothing":              {[]string{file("")}, "it is empty"},
		"no JSON":              {[]string{file("kind: Plan")}, "it is not a JSON document, as -o json and --events write them"},
		"a number":             {[]string{file("3")}, "it is not a JSON document"},
		"half of one":          {[]string{file(aStatus[:80])}, "it is truncated: it was not written whole"},
		"another version":      {[]string{file(strings.Replace(aStatus, "v1alpha1", "v9", 1))}, `it is a "StatusReport" of version "coder-satellite.dev/v9": reports show documents of coder-satellite.dev/v1alpha1`},
		"another kind":         {[]string{file(strings.Replace(aStatus, "StatusReport", "Fleet", 1))}, `it is a "Fleet": reports show Plan`},
		"another type":         {[]string{file(strings.Replace(aStatus, "[]", "3", 1))}, "its StatusReport is broken: json: cannot unmarshal number"},
		"two of a kind":        {[]string{file(aStatus), file(aStatus)}, "it is a second StatusReport: a report shows one of each kind"},
		"a format":             {[]string{file(aStatus), "-o", "pdf"}, `-o "pdf": choose one of [html junit markdown prometheus]`},
		"an ending":            {[]string{file(aStatus), "--report", "page.pdf"}, `--report: "page.pdf" has no ending that stands for a format: use .html, .xml (JUnit), .md or .prom (Prometheus)`},
		"a folder that is not": {[]string{file(aStatus), "--report", "none/page.html"}, "--report: open none"},
		"a folder":             {[]string{file(aStatus), "--report", func() string { dir := t.TempDir() + "/a.html"; _ = os.Mkdir(dir, 0o755); return dir }()}, "a.html is not a regular file"},
		"serve without a file": {[]string{"serve"}, "name the file of the run's events with --events"},
		"serve of stdin":       {[]string{"serve", "--events", "e", "-"}, "standard input cannot be read again"},
	} {
		t.Run(name, func(t *testing.T) {
			got := reported("", append(test.args, "--report", page)...)
			if strings.HasPrefix(name, "serve") {
				got = reported("", test.args...)
			}
			if got.code != exitUsage || !strings.Contains(got.errOut, test.says) {
				t.Errorf("exit code %d, %s", got.code, got.errOut)
			}
			if _, err := os.Stat(page); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the page was written: %v", err)
			}
		})
	}
	long := filepath.Join(t.TempDir(), "long.json")
	if err := os.WriteFile(long, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(long, maxDocument+1); err != nil {
		t.Fatal(err)
	}
	if got := reported("", long); got.code != exitUsage || !strings.Contains(got.errOut, "long.json: it is longer than 64 MiB") {
		t.Errorf("exit code %d, %s", got.code, got.errOut)
	}
}

// --report writes a file in addition to the normal output. A new file is readable only by its
// owner, and an existing one keeps its mode. A failure to write it is reported but does not
// replace the outcome of the run.
func TestReportFlag(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	page, metrics := filepath.Join(dir, "page.html"), filepath.Join(dir, "metrics.prom")
	if err := os.WriteFile(metrics, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(metrics, 0o644); err != nil {
		t.Fatal(err)
	}
	got := w.run(t.Context(), t, "status", "--context", "sydney", "--report", page, "--report", metrics)
	if got.code != exitFailed || got.errOut != "" || !strings.Contains(got.out, "sydney") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.errOut)
	}
	for file, want := range map[string]struct {
		mode os.FileMode
		says string
	}{page: {0o600, "<h1>status: failed</h1>"}, metrics: {0o644, `coder_satellite_region_failed{region="sydney"} 1`}} {
		text, err := os.ReadFile(file)
		info, _ := os.Stat(file)
		if err != nil || !strings.Contains(string(text), want.says) || runtime.GOOS != "windows" && info.Mode() != want.mode {
			t.Errorf("%s: %v, %v\n%s", file, err, info.Mode(), text)
		}
		if strings.Contains(string(text), w.getenv["CODER_TOKEN"]) {
			t.Errorf("%s holds the token", file)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".coder-satellite-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	plan := filepath.Join(dir, "plan.md")
	if got := w.run(t.Context(), t, "plan", "--context", "sydney", "--access-url", "https://127.0.0.1:1", "--chart", "./none", "--report", plan); got.code != exitPreflightFailed {
		t.Errorf("plan: exit code %d, %s", got.code, got.errOut)
	}
	run := filepath.Join(dir, "run.xml")
	if got := w.run(t.Context(), t, "retain", "--context", "sydney", "--yes", "--report", run); got.code != exitPreflightFailed {
		t.Errorf("retain: exit code %d, %s", got.code, got.errOut)
	}
	for file, says := range map[string]string{plan: "# Plan: preflight failed", run: `<testsuite name="retain sydney"`} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), says) {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
	var said strings.Builder
	o := documentOptions{targets: targets{env: Environment{IOStreams: genericiooptions.IOStreams{ErrOut: &said}}}, reports: reportFiles{filepath.Join(dir, "gone", "page.html")}}
	o.writeReports([]byte(aStatus))
	if !strings.Contains(said.String(), "warning: --report: open ") {
		t.Errorf("it says %q", said.String())
	}
}

func TestReportServe(t *testing.T) {
	events := filepath.Join(t.TempDir(), "events.ndjson")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out lines
	ended := make(chan int)
	go func() {
		env := Environment{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: io.Discard}}
		ended <- Main(ctx, env, []string{"report", "serve", "--events", events})
	}()
	eventually(t, "it says where", func() bool { return strings.Contains(out.String(), "\n") })
	url := strings.Fields(out.String())[1]
	ask := func(method, path, host string) (int, http.Header, string) {
		request, _ := http.NewRequestWithContext(ctx, method, url+path, nil)
		if host != "" {
			request.Host = host
		}
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, answer.Header, string(body)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("it serves %s", url)
	}
	if code, header, page := ask(http.MethodGet, "/", ""); code != 200 || !strings.Contains(page, "waiting for the first event") || !strings.Contains(page, `http-equiv="refresh"`) || header.Get("Cache-Control") != "no-store" {
		t.Errorf("before the run: %d\n%s", code, page)
	}
	if err := os.WriteFile(events, []byte(anEvent), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, page := ask(http.MethodGet, "/?still", "localhost:1"); code != 200 || !strings.Contains(page, "sydney: create the record") || strings.Contains(page, `http-equiv="refresh"`) {
		t.Errorf("in the run: %d\n%s", code, page)
	}
	for _, test := range []struct {
		method, path, host string
		want               int
	}{
		{http.MethodGet, "/", "evil.example:" + port, http.StatusMisdirectedRequest}, {http.MethodGet, "/", "127.0.0.1.evil.example", http.StatusMisdirectedRequest},
		{http.MethodGet, "/etc/passwd", "", http.StatusNotFound}, {http.MethodPost, "/", "", http.StatusNotFound},
	} {
		if code, _, page := ask(test.method, test.path, test.host); code != test.want || strings.Contains(page, "sydney") {
			t.Errorf("%+v: %d\n%s", test, code, page)
		}
	}
	if err := os.WriteFile(events, []byte("x\x1b[2J<b>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, header, page := ask(http.MethodGet, "/", ""); code != 500 || header.Get("Refresh") != "3" || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") || !strings.Contains(page, "it is not a JSON document") {
		t.Errorf("of a broken file: %d, %v\n%s", code, header, page)
	}
	interrupt()
	if code := <-ended; code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, _ = net.SplitHostPort(taken.Addr().String())
	if got := reported("", "serve", "--events", events, "--port", port); got.code != exitUsage || !strings.Contains(got.errOut, "--port "+port+" cannot be used") {
		t.Errorf("of a port that is taken: exit code %d, %s", got.code, got.errOut)
	}
}

func TestSupportBundle(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	w.trouble = map[string]string{"/version": `"--password=hunter2"`}
	notes := writeFile(t, "notes.yaml", "kind: Secret\napiVersion: v1\nstringData: {a: hunter2}\n")
	to := filepath.Join(dir, "bundle.tar.gz")
	got := w.run(t.Context(), t, "support-bundle", "--context", "sydney", "--add", notes, "--add", "/none/log", "--to", to)
	if got.code != 0 || !strings.Contains(got.out, "NOT COLLECTED: files/_none_log, a file of yours: open /none/log") || !strings.HasSuffix(got.out, "Wrote "+to+".\n") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.errOut)
	}
	files := unpacked(t, to)
	for name, says := range map[string]string{
		"INDEX": "status.json, the checks of every region\n", "status.json": `"kind": "StatusReport"`, "history.json": `"kind": "History"`,
		"version.json": `"version": "1.21.7"`, "clusters.txt": "sydney: Kubernetes of unknown version\n",
	} {
		if !strings.Contains(files[name], says) {
			t.Errorf("%s does not say %q:\n%s", name, says, files[name])
		}
	}
	if !strings.Contains(files["INDEX"], "NOT COLLECTED: ") || len(files) != 6 {
		t.Errorf("%d files, listed as\n%s", len(files), files["INDEX"])
	}
	for name, text := range files {
		if strings.Contains(text, "hunter2") || strings.Contains(text, w.getenv["CODER_TOKEN"]) {
			t.Errorf("%s holds a secret:\n%s", name, text)
		}
	}
	if info, err := os.Stat(to); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := w.run(t.Context(), t, "support-bundle", "--context", "sydney", "--to", to); got.code != exitUsage || !strings.Contains(got.errOut, "nothing is overwritten: name another file with --to: open "+to) {
		t.Errorf("over another: exit code %d, %s", got.code, got.errOut)
	}
	if got := w.run(t.Context(), t, "support-bundle", "--context", "nowhere", "--to", to+"2"); got.code != exitUsage || !strings.Contains(got.errOut, "nowhere") {
		t.Errorf("of no context: exit code %d, %s", got.code, got.errOut)
	}
	delete(w.getenv, "CODER_TOKEN")
	t.Setenv("HOME", dir)
	if got := w.run(t.Context(), t, "support-bundle", "--context", "sydney", "--to", to+"3"); got.code != 0 || !strings.Contains(got.out, "NOT COLLECTED: status.json, history.json") {
		t.Errorf("without a login: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
}

// unpacked returns the texts in a bundle by file name.
func unpacked(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for archive := tar.NewReader(zipped); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(head.Name, "coder-satellite-support/")] = string(text)
	}
}

func TestFlagsOfReports(t *testing.T) {
	shown, err := optionsOf(newReport, "a", "b", "-o", "junit")
	if err != nil || fmt.Sprint(shown.names, shown.format, shown.files) != "[a b]junit[]" {
		t.Errorf("report: %+v, %v", shown, err)
	}
	page := filepath.Join(t.TempDir(), "x.html")
	if shown, err = optionsOf(newReport, "a", "--report", page); err != nil || shown.format != "" || len(shown.files) != 1 {
		t.Errorf("report --report: %+v, %v", shown, err)
	}
	served, err := optionsOf(newServe, "--events", "e", "--port", "8080", "plan.json")
	if err != nil || served.events != "e" || served.port != 8080 || len(served.names) != 1 {
		t.Errorf("report serve: %+v, %v", served, err)
	}
	noted, err := optionsOf(newNotice, "-f", "fleet.yaml", "--when", "soon", "--dir", "d", "--timeout", "2s")
	if err != nil || noted.when != "soon" || noted.dir != "d" || noted.timeout != 2*time.Second || noted.flags.Filename != "fleet.yaml" {
		t.Errorf("report notice: %+v, %v", noted, err)
	}
	packed, err := optionsOf(newSupportBundle, "--to", "x", "--add", "a", "--timeout", "2s", "-f", fleet.Stdin)
	if err != nil || packed.to != "x" || len(packed.names) != 1 || packed.timeout != 2*time.Second {
		t.Errorf("support-bundle: %+v, %v", packed, err)
	}
}

// lines is an output that the test reads while the command writes it.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(data)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// With --merge the documents of several machines become one, with the outcome and the exit code that they have together.
func TestReportMerge(t *testing.T) {
	const run = "{\n" + `"apiVersion":"coder-satellite.dev/v1alpha1","kind":"MigrationReport","operation":"migrate","primary":{"url":"https://x"},"outcome":"%[2]s","exitCode":0,` +
		`"started":"2026-03-04T05:06:07Z","finished":"2026-03-04T05:06:08Z","regions":[{"name":"%[1]s","outcome":"%[2]s","providers":[]}]` + "\n}\n"
	failed := writeFile(t, "failed.log", "a line for people\n"+fmt.Sprintf(run, "sydney", "Failed"))
	done := fmt.Sprintf(run, "london", "Succeeded")
	got := reported(done, "--merge", "-", failed, "-o", "json")
	if got.code != 0 || !strings.Contains(got.out, `"outcome": "PartlyFailed"`) || !strings.Contains(got.out, `"exitCode": 3`) || got.errOut != "" {
		t.Errorf("exit code %d, %s%s", got.code, got.errOut, got.out)
	}
	if got := reported(done, "--merge", "-", failed); got.code != 0 || !strings.Contains(got.out, "sydney") || !strings.Contains(got.out, "london") {
		t.Errorf("exit code %d, %s%s", got.code, got.errOut, got.out)
	}
	if got := reported("{\n"+aStatus[1:len(aStatus)-1]+"\n}\n", "--merge", "-", "-o", "json"); got.code != 0 || !strings.Contains(got.out, `"kind": "StatusReport"`) {
		t.Errorf("exit code %d, %s%s", got.code, got.errOut, got.out)
	}
	for says, args := range map[string][]string{
		"cannot be merged: they hold no MigrationReport": {"--merge", writeFile(t, "empty.log", "nothing\n")},
		"choose one of":             {failed, "-o", "json"},
		"a second MigrationReport":  {writeFile(t, "two.json", done+done)},
		"choose one of [html junit": {"--merge", failed, "-o", "yaml"},
	} {
		if got := reported("", args...); got.code != exitUsage || !strings.Contains(got.errOut, says) {
			t.Errorf("%v: exit code %d, %s", args, got.code, got.errOut)
		}
	}
}
