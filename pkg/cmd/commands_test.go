package cmd

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// hostile is a name with control characters that an API could return: printed raw, it would clear
// the screen.
const hostile = "a\x1b[2Jb\u009bc"

func TestStatusOfFreshRegion(t *testing.T) {
	w := newWorld(t)
	w.warning = "v1 Endpoints is deprecated"
	got := w.run(t.Context(), t, "status", "--context", "sydney", "-o", "json")
	report := decode[v1alpha1.StatusReport](t, got)
	if got.code != exitFailed || report.Outcome != v1alpha1.OutcomeFailed {
		t.Errorf("exit code %d, outcome %s", got.code, report.Outcome)
	}
	want := v1alpha1.Primary{URL: w.primary.URL(), Version: "1.21.7", Operator: "ann@example.com"}
	if diff := cmp.Diff(want, report.Primary); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	region := report.Regions[0]
	if region.Name != "sydney" || region.Phase != v1alpha1.PhaseLegacy || len(region.Providers) != 1 || region.Providers[0].Name != "sydney" {
		t.Errorf("%s, %s, providers %v", region.Name, region.Phase, region.Providers)
	}
	// the API server sends the warning with each of its many answers, but it is printed once
	if got.errOut != "Warning: v1 Endpoints is deprecated\n" {
		t.Errorf("stderr: %q", got.errOut)
	}
	if len(w.writes)+len(w.primary.Writes()) > 0 {
		t.Errorf("written: %v, %v", w.writes, w.primary.Writes())
	}
}

// A region that is not migrated fails, unless --expect allows it to wait for its turn.
func TestStatusExpect(t *testing.T) {
	w := newWorld(t)
	for expect, want := range map[string]int{"migrated": exitFailed, "planned": 0} {
		got := w.run(t.Context(), t, "status", "--context", "sydney", "--satellite", "none", "--provider", "sydney", "--expect", expect, "-o", "json")
		report := decode[v1alpha1.StatusReport](t, got)
		if got.code != want || report.Regions[0].Phase != v1alpha1.PhaseLegacy {
			t.Errorf("%s: exit code %d, phase %s\n%s", expect, got.code, report.Regions[0].Phase, got.out)
		}
	}
	if got := w.run(t.Context(), t, "status", "--context", "sydney", "--expect", "planned"); got.code != exitFailed || !strings.Contains(got.out, "legacy-found") {
		t.Errorf("without a legacy release: exit code %d\n%s", got.code, got.out)
	}
	if got := w.run(t.Context(), t, "status", "--context", "sydney", "--expect", "done"); got.code != exitUsage || !strings.Contains(got.errOut, `--expect is "done": it must be migrated or planned`) {
		t.Errorf("exit code %d, %s", got.code, got.errOut)
	}
}

// An expired token is reported once in the whole report, not once per region.
func TestStatusWithExpiredToken(t *testing.T) {
	w := newWorld(t)
	w.primary.ExpireToken(w.getenv["CODER_TOKEN"])
	got := w.run(t.Context(), t, "status", "--context", "sydney")
	text := strings.Join(strings.Fields(got.out), " ")
	if told := strings.Count(text, "401 unauthorized"); got.code != exitFailed || told != 1 || !strings.Contains(text, "coder login") {
		t.Errorf("exit code %d, reported %d times:\n%s", got.code, told, got.out)
	}
}

func TestPlanWithoutLegacyRelease(t *testing.T) {
	w := newWorld(t)
	got := w.run(t.Context(), t, "plan", "--context", "sydney", "--access-url", "https://127.0.0.1:1", "--chart", "./no-such-chart", "-o", "json")
	plan := decode[v1alpha1.Plan](t, got)
	var failed []string
	for _, result := range plan.Regions[0].Preflight {
		if result.State == v1alpha1.CheckFail || result.State == v1alpha1.CheckUnknown {
			failed = append(failed, result.ID)
		}
	}
	if diff := cmp.Diff([]string{"legacy-found", "chart-available"}, failed); got.code != exitPreflightFailed || diff != "" {
		t.Errorf("exit code %d (-want +got):\n%s", got.code, diff)
	}
	if len(w.primary.Writes()) > 0 {
		t.Errorf("written: %v", w.primary.Writes())
	}
}

func TestVersionOfPrimary(t *testing.T) {
	w := newWorld(t)
	info := decode[v1alpha1.VersionInfo](t, w.run(t.Context(), t, "version", "--primary", "-o", "json"))
	if info.Primary == nil || info.Primary.Version != "1.21.7" || info.Version == "" || !strings.Contains(info.Platform, "/") {
		t.Errorf("%+v, primary %+v", info, info.Primary)
	}
}

func TestDiscover(t *testing.T) {
	w := newWorld(t)
	w.primary.AddProvider(codertest.Provider{Name: hostile + "\nkind: Evil", Config: codertest.ProviderConfig{ClusterAddress: "https://10.1.1.1"}})
	got := w.run(t.Context(), t, "discover", "--all-contexts")
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.errOut)
	}
	if !strings.HasPrefix(got.out, "# yaml-language-server: $schema=https://") {
		t.Errorf("the first line does not point editors to the schema:\n%s", got.out)
	}
	notes, fleet, _ := strings.Cut(got.out, "apiVersion:")
	for _, says := range []string{"# fill in accessURL", "# context elsewhere was left out", `# workspace provider a^[[2Jb\x9bc kind: Evil was left out`} {
		if !strings.Contains(notes, says) || !strings.Contains(got.errOut, "note: "+strings.TrimPrefix(says, "# ")) {
			t.Errorf("no %q above the Fleet and on stderr:\n%s\n%s", says, notes, got.errOut)
		}
	}
	if !strings.Contains(fleet, "context: sydney") || strings.Contains(fleet, "elsewhere") || strings.Contains(got.out, "\x1b") {
		t.Errorf("%q", got.out)
	}

	got = w.run(t.Context(), t, "discover", "--context", "sydney", "-o", "json")
	found := decode[v1alpha1.Fleet](t, got)
	if len(found.Regions) != 1 || found.Regions[0].Provider != "sydney" || !strings.Contains(got.errOut, "note: fill in accessURL") {
		t.Errorf("%+v\n%s", found, got.errOut)
	}
}

// Errors escape the control characters in text from an API.
func TestErrorsAreEscaped(t *testing.T) {
	w := newWorld(t)
	w.trouble = map[string]string{leasePath: `"a\u001b[2Jb\u009bc"`}
	got := w.run(t.Context(), t, "unlock", "--context", "sydney", "--yes", "--reason", "x")
	if got.code != exitFailed || !strings.Contains(got.errOut, "\nerror: ") || !strings.Contains(got.errOut, `a^[[2Jb\x9bc`) || strings.ContainsAny(got.errOut, "\x1b\u009b") {
		t.Errorf("exit code %d: %q", got.code, got.errOut)
	}
}

// A signal before a command acts ends it with the exit code for a signal, not with a code derived
// from the facts that the signal left unread.
func TestInterruptedBeforeActing(t *testing.T) {
	for _, args := range [][]string{
		{"status", "--context", "sydney"}, {"status", "--context", "sydney", "--watch"},
		{"plan", "--context", "sydney", "--access-url", "https://127.0.0.1:1"},
		{"export", "flux", "--context", "sydney", "--access-url", "https://127.0.0.1:1"},
		{"migrate", "--context", "sydney", "--access-url", "https://127.0.0.1:1", "--yes"},
		{"rollback", "--context", "sydney", "--yes"}, {"retain", "--context", "sydney", "--yes"},
		{"remove", "--context", "sydney", "--yes"}, {"unlock", "--context", "sydney", "--yes", "--reason", "x"},
		{"finalize", "--context", "sydney", "--access-url", "https://127.0.0.1:1", "--yes"},
		{"discover", "--context", "sydney"}, {"history", "--context", "sydney"}, {"version", "--primary"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			w := newWorld(t)
			ctx, interrupt := context.WithCancelCause(t.Context())
			interrupt(migration.ErrInterrupted)
			got := w.run(ctx, t, args...)
			if got.code != exitInterrupted || got.out != "" || !strings.Contains(got.errOut, migration.ErrInterrupted.Error()) {
				t.Errorf("exit code %d\n%s\n%s", got.code, got.out, got.errOut)
			}
			if len(w.writes) > 0 {
				t.Errorf("written: %v", w.writes)
			}
		})
	}
}

const leasePath = "/apis/coordination.k8s.io/v1/namespaces/coder-satellite/leases/coder-satellite-lock"

func lease(holder string) string {
	return `{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"coder-satellite-lock","namespace":"coder-satellite","resourceVersion":"7"},` +
		`"spec":{"holderIdentity":"` + holder + `","leaseDurationSeconds":15}}`
}

func TestUnlock(t *testing.T) {
	w := newWorld(t)
	args := []string{"unlock", "--context", "sydney", "--yes", "--reason", "the laptop was closed"}
	if got := w.run(t.Context(), t, args...); got.code != 0 || got.errOut != "region \"sydney\" is not locked\nregion \"sydney\", provider \"sydney\" is not locked\n" {
		t.Errorf("no lock: exit code %d: %s", got.code, got.errOut)
	}

	w.objects[leasePath] = lease(`bob\u001b[2J@host/1`)
	got := w.run(t.Context(), t, append(args, "--force")...)
	if got.code != 0 || got.errOut != "region \"sydney\": the lock of bob^[[2J@host/1 is free now\nregion \"sydney\", provider \"sydney\" is not locked\n" {
		t.Errorf("by force: exit code %d: %q", got.code, got.errOut)
	}
	if broken := w.objects[leasePath]; !strings.Contains(broken, "the laptop was closed") || !strings.Contains(broken, "ann@example.com") {
		t.Errorf("the user and the reason are not recorded: %s", broken)
	}
}

// A lock that its holder still renews cannot be unlocked: the exit code is 4, and the error names
// the holder.
func TestUnlockWhileHeld(t *testing.T) {
	w := newWorld(t)
	w.objects[leasePath] = lease("bob@host/1")
	fake := clocktesting.NewFakeClock(time.Now())
	w.clock = fake
	done := make(chan said)
	go func() {
		done <- w.run(t.Context(), t, "unlock", "--context", "sydney", "--yes", "--reason", "impatience")
	}()
	eventually(t, "the lock is watched", fake.HasWaiters)
	w.mu.Lock()
	w.objects[leasePath] = strings.Replace(lease("bob@host/1"), `"7"`, `"8"`, 1)
	w.mu.Unlock()
	fake.Step(time.Minute)
	if got := <-done; got.code != exitLockHeld || !strings.Contains(got.errOut, "bob@host/1") || !strings.Contains(got.errOut, "nothing was changed") {
		t.Errorf("exit code %d: %s", got.code, got.errOut)
	}
	if len(w.writes) > 0 {
		t.Errorf("written: %v", w.writes)
	}
}

// watcher collects output while a command is running.
type watcher struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watcher) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(data)
}

func (w *watcher) count(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), text)
}

// --watch prints again after each interval, and stops at a signal.
func TestWatch(t *testing.T) {
	w := newWorld(t)
	fake := clocktesting.NewFakeClock(time.Now())
	ctx, interrupt := context.WithCancelCause(t.Context())
	defer interrupt(nil)
	var out watcher
	done := make(chan int)
	ca := writeFile(t, "ca.pem", string(w.primary.CA()))
	go func() {
		done <- Main(ctx, Environment{
			IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &watcher{}},
			Getenv:    func(name string) string { return w.getenv[name] }, Clock: fake,
		}, []string{"status", "--watch", "--interval", "1m", "-o", "yaml", "--context", "sydney", "--kubeconfig", w.kubeconfig, "--coder-ca-file", ca})
	}()
	for look := 1; look <= 3; look++ {
		eventually(t, "a look", func() bool { return out.count("kind: StatusReport") == look && fake.HasWaiters() })
		w.primary.SetVersion([]string{"", "1.21.8", "1.21.9", "1.21.9"}[look])
		if look < 3 {
			fake.Step(time.Minute)
		}
	}
	interrupt(migration.ErrInterrupted)
	if code := <-done; code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	// each round asks the primary again, and --- separates the documents
	if out.count("version: 1.21.7") != 1 || out.count("version: 1.21.8") != 1 || out.count("version: 1.21.9") != 1 || out.count("---\n") != 2 {
		t.Errorf("%s", out.text.String())
	}
}
