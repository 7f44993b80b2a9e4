package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Help fits into 100 columns, names the exit codes, and contains no path of the machine that it
// is printed on.
func TestHelpFits(t *testing.T) {
	t.Setenv("HOME", "/home/somebody")
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		var help bytes.Buffer
		writeHelp(&help, cmd)
		for line := range strings.Lines(help.String()) {
			if len([]rune(strings.TrimRight(line, "\n"))) > helpWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), len([]rune(line)), line)
			}
		}
		if text := help.String(); !strings.Contains(text, "\nExit codes:\n    0  success") || strings.Contains(text, "/home/somebody") {
			t.Errorf("%s", text)
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(NewRoot(Environment{Getenv: os.Getenv}))
}

// Backquotes in a usage text mark the flag's placeholder, which is one word. They must not quote
// a command.
func TestFlagPlaceholders(t *testing.T) {
	found := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			found++
			if placeholder, _ := pflag.UnquoteUsage(f); strings.ContainsAny(placeholder, " \t\n") {
				t.Errorf("%s --%s: the placeholder is %q", cmd.CommandPath(), f.Name, placeholder)
			}
		})
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(NewRoot(Environment{Getenv: os.Getenv}))
	if found < 100 {
		t.Errorf("only %d flags were found", found)
	}
}

// The README and the help list every exit code.
func TestExitCodesAreDocumented(t *testing.T) {
	for _, code := range []int{0, exitFailed, exitChangesPending, exitPartlyFailed, exitLockHeld, exitPreflightFailed, exitUsage, exitTimedOut, exitInterrupted} {
		if line := fmt.Sprintf("\n  %3d  ", code); !strings.Contains("\n"+ExitCodes(NewRoot(Environment{})), line) {
			t.Errorf("help/exit-codes.txt does not list exit code %d", code)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(ExitCodes(NewRoot(Environment{}))) {
		if code := strings.Fields(line)[0]; !bytes.Contains(readme, []byte("\n| "+code+" |")) {
			t.Errorf("README.md does not list exit code %s", code)
		}
	}
}

// --as and related flags reach the API server and appear in the suggested commands.
func TestImpersonation(t *testing.T) {
	w := newWorld(t)
	var last atomic.Pointer[http.Request] // requests arrive concurrently
	inner := w.api.Config.Handler
	w.api.Config.Handler = http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		last.Store(r)
		inner.ServeHTTP(answer, r)
	})
	got := w.run(t.Context(), t, "migrate", "--dry-run=client", "--access-url", "https://127.0.0.1:2", "--canary", "none", "--context", "sydney", "--as", "ann", "--as-uid", "7",
		"--as-group", "a", "--as-group", "b", "--as-user-extra", "scope=x", "--user", "u", "--cluster", "c")
	headers := last.Load().Header
	if headers.Get("Impersonate-User") != "ann" || headers.Get("Impersonate-Uid") != "7" || !slices.Equal(headers.Values("Impersonate-Group"), []string{"a", "b"}) ||
		headers.Get("Impersonate-Extra-Scope") != "x" {
		t.Errorf("headers: %v\n%s%s", headers, got.out, got.errOut)
	}
	options, err := optionsOf(newStatus, "--as", "ann", "--as-group", "a", "--as-group", "b")
	const want = "--as ann --as-group a --as-group b"
	if further := strings.Join(options.flags.Further, " "); err != nil || further != want {
		t.Errorf("%q, %v", further, err)
	}
}

// A dry run prints the plan and writes nothing, with or without --yes.
func TestDryRunIsPlan(t *testing.T) {
	w := newWorld(t)
	common := []string{"--context", "sydney", "--access-url", "https://127.0.0.1:2", "-o", "json"}
	plan := w.run(t.Context(), t, append([]string{"plan"}, common...)...)
	for _, flag := range []string{"--dry-run", "--dry-run=client", "--dry-run=true"} {
		dry := w.run(t.Context(), t, append([]string{"migrate", flag, "--yes", "--events", t.TempDir() + "/events"}, common...)...)
		if dry.code != plan.code || decode[v1alpha1.Plan](t, dry).Outcome != decode[v1alpha1.Plan](t, plan).Outcome || len(w.writes)+len(w.primary.Writes()) > 0 {
			t.Errorf("%s: exit code %d, %s; plan: %d, %s; written: %v", flag, dry.code, dry.out, plan.code, plan.out, w.writes)
		}
	}
	rollback := w.run(t.Context(), t, "rollback", "--dry-run", "--context", "sydney", "-o", "json")
	if decode[v1alpha1.Plan](t, rollback).Kind != v1alpha1.KindPlan || len(w.writes) > 0 {
		t.Errorf("rollback: %s", rollback.out)
	}
}

// -v=6 logs requests and -v=7 logs headers, but neither shows a token.
func TestLogHasNoTokens(t *testing.T) {
	t.Cleanup(func() { LogTo(io.Discard, 0) })
	w := newWorld(t)
	for _, level := range []string{"6", "7"} {
		got := w.run(t.Context(), t, "status", "--context", "sydney", "-v", level) // run fails if the output shows the token
		if !strings.Contains(got.errOut, `url="`+w.api.URL+`/version`) || !strings.Contains(got.errOut, `url="`+w.primary.URL()+`/api`) {
			t.Errorf("-v=%s: %s", level, got.errOut)
		}
	}
}

// A quiet run prints only the progress that requires someone to act.
func TestQuiet(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		var errOut bytes.Buffer
		c := connection{quiet: quiet, progress: newProgress(Environment{IOStreams: genericiooptions.IOStreams{ErrOut: &errOut}, Getenv: os.Getenv}, 1, false, quiet)}
		c.report(v1alpha1.Progress{Region: "sydney", Step: "expose-satellite", State: v1alpha1.StepRunning, Message: "waiting"})
		c.report(v1alpha1.Progress{Region: "sydney", Step: "expose-satellite", State: v1alpha1.StepRunning, Message: "create a record", Attention: true})
		if text := errOut.String(); !strings.Contains(text, "TO DO") || strings.Contains(text, "waiting") == quiet {
			t.Errorf("quiet %t: %s", quiet, text)
		}
	}
}

// brokenPipe is an output whose reader has closed it.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// The command fails if it cannot write its output, documents and help alike. After a crash it
// says what to do, and prints the stack only with -v.
func TestFailuresOfTheProcess(t *testing.T) {
	t.Cleanup(func() { LogTo(io.Discard, 0) })
	for _, args := range [][]string{{"explain"}, {"version"}, {"migrate", "--help"}, {"options"}, {"--version"}, {"completion", "bash"}} {
		var errOut bytes.Buffer
		env := Environment{IOStreams: genericiooptions.IOStreams{Out: brokenPipe{}, ErrOut: &errOut}, Getenv: func(string) string { return "" }}
		if code := Main(t.Context(), env, args); code != exitFailed || errOut.String() != "error: broken pipe\n" {
			t.Errorf("%v: exit code %d, %s", args, code, errOut.String())
		}
	}
	for level, stack := range map[int]bool{0: false, 1: true} {
		LogTo(io.Discard, level)
		var errOut bytes.Buffer
		env := Environment{
			IOStreams: genericiooptions.IOStreams{Out: io.Discard, ErrOut: &errOut}, Clock: clock.RealClock{},
			Getenv: func(string) string { panic("a bug \x1b[2J") }, //nolint:forbidigo // the crash under test
		}
		code := Main(context.Background(), env, []string{"version", "--primary"})
		if text := errOut.String(); code != exitFailed || !strings.HasPrefix(text, "error: the plugin crashed, which is a bug: a bug ^[[2J\nPlease report it at https://") ||
			strings.Contains(text, "goroutine ") != stack {
			t.Errorf("exit code %d: %s", code, text)
		}
	}
	klog.Flush()
}

// A timeout that expires at once is reported as a timeout, also by verbs that only read. If the
// cluster refuses in time, it is an ordinary failure.
func TestTimeoutAtOnce(t *testing.T) {
	w := newWorld(t)
	for _, verb := range []string{"status", "verify", "workspaces"} {
		args := []string{verb, "--context", "sydney", "--access-url", "https://127.0.0.1:2", "-o", "jsonpath={.outcome}"}
		if got := w.run(t.Context(), t, append(args, "--timeout", "1ns")...); got.code != exitTimedOut || got.out != "TimedOut" {
			t.Errorf("%s --timeout 1ns: exit code %d, %s%s", verb, got.code, got.out, got.errOut)
		}
	}
	if got := w.run(t.Context(), t, "status", "--context", "sydney", "-o", "jsonpath={.outcome}"); got.code != exitFailed || got.out != "Failed" {
		t.Errorf("status in time: exit code %d, %s%s", got.code, got.out, got.errOut)
	}
}
