package walk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// ran is the result of a run of the plugin.
type ran struct {
	step
	stdout, stderr string
	code           int
	// killed is set if the plugin was killed, reached if it came to the call to disturb.
	killed, reached bool
	// world is what the world did meanwhile; empty for nothing.
	world string
	// report is its report on the region, for a verb that changes regions.
	report *v1alpha1.RegionReport
	status *v1alpha1.RegionStatus
	// outcome and exitCode are those of the whole document.
	outcome  v1alpha1.Outcome
	exitCode int
	// other is the run of another operator meanwhile, if there was one.
	other *ran
}

// selects reports whether the run includes the provider.
func (r ran) selects(provider string) bool {
	options := r.options()
	i := slices.Index(options, "--provider")
	return i < 0 || options[i+1] == provider
}

// completed reports whether the run claims that the provider is done.
func (r ran) completed(provider string) bool {
	outcome := r.outcomeOf(provider)
	return outcome == v1alpha1.OutcomeSucceeded || outcome == v1alpha1.OutcomeNothingToDo
}

// outcomeOf is the outcome for the provider; empty if the report has none.
func (r ran) outcomeOf(provider string) v1alpha1.Outcome { return r.reportOf(provider).Outcome }

// errorOf is the reported error for the provider.
func (r ran) errorOf(provider string) string { return r.reportOf(provider).Error }

func (r ran) reportOf(provider string) v1alpha1.ProviderReport {
	if r.report != nil {
		for _, one := range r.report.Providers {
			if one.Name == provider {
				return one
			}
		}
	}
	return v1alpha1.ProviderReport{}
}

// stateOf is the reported state of the provider; nil if there is none.
func (r ran) stateOf(provider string) *inlab.State {
	if r.report == nil {
		return nil
	}
	return inlab.StateOfProvider(*r.report, provider)
}

// changes reports whether the verb may change the region.
func changes(verb string) bool {
	switch strings.Fields(verb)[0] {
	case "status", "plan", "verify":
		return false
	}
	return true
}

// arguments returns the plugin's complete arguments.
func (w *walker) arguments(verb string, s step) []string {
	patience := "10s"
	if s.how == misled {
		patience = "3s" // an answer may never come
	}
	lock := "15s"
	switch s.how {
	case killed, killedLate, stopped:
		lock = "2s" // so that the next run, or another operator, need not wait long
	}
	args := append(strings.Fields(verb), "-f", w.place.Fleet(), "--request-timeout", patience)
	switch strings.Fields(verb)[0] {
	case "unlock":
		return append(args, "--yes")
	case "status", "plan", "verify":
		return append(args, "-o", "json")
	case "migrate", "rollback", "finalize": // the calls of a measurement would change the count
		args = append(args, "--measure=false")
	}
	return append(args, "-o", "json", "--yes", "--lock-duration", lock, "--step-timeout", "20s", "--timeout", "90s", "--evidence-dir", w.lab.Path("evidence"))
}

// run runs a verb of the real binary, with the step's disturbance.
func (w *walker) run(ctx context.Context, s step) (ran, error) {
	done := ran{step: s}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	command := w.command(ctx, s.verb, s)
	var later sync.WaitGroup
	w.place.Meddler.Begin(w.disturbance(ctx, s, command, &done, &later))
	start(command, &done)
	later.Wait()
	_, what := w.place.Meddler.Calls()
	w.place.Meddler.Begin(meddle.Disturbance{})
	done.reached = what != ""
	if done.code == -2 {
		return done, errors.New(done.stderr)
	}
	done.decode()
	return done, nil
}

func (w *walker) command(ctx context.Context, verb string, s step) *exec.Cmd {
	return w.place.Command(ctx, []string{"CODER_TOKEN=" + w.token}, w.arguments(verb, s)...)
}

// start runs a command to its end. A document that does not match its schema is an error of the
// walk.
func start(command *exec.Cmd, done *ran) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	done.stdout, done.stderr = stdout.String(), stderr.String()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		done.code = exit.ExitCode()
		done.killed = done.code == -1
	case err != nil:
		done.code, done.stderr = -2, done.stderr+err.Error()
	}
	if err := schema.Check(done.stdout); err != nil {
		done.code, done.stderr = -2, done.stderr+err.Error()
	}
}

// disturbance returns the disturbance at the step's call. later waits for what continues after
// that call.
func (w *walker) disturbance(ctx context.Context, s step, command *exec.Cmd, done *ran, later *sync.WaitGroup) meddle.Disturbance {
	d := meddle.Disturbance{Call: s.call}
	signal := func(signal os.Signal) { _ = command.Process.Signal(signal) } // the shells replace themselves with the plugin by exec
	after := func(wait time.Duration, end func()) {
		later.Go(func() {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			end()
		})
	}
	long := time.Duration(s.seconds) * time.Second
	switch s.how {
	case killed, killedLate:
		d.Kill, d.After = func() { _ = command.Process.Kill() }, s.how == killedLate
	case interrupted:
		d.Do = func() { signal(os.Interrupt) }
	case misled:
		d.Fault = s.fault
	case behind:
		d.Do = func() { done.world = s.other + ": " + w.act(ctx, s.other, s) }
	case stopped:
		d.Do = func() {
			signal(syscall.SIGSTOP)
			after(long, func() {
				if s.other != "" {
					done.other = &ran{step: step{verb: s.other}}
					start(w.command(ctx, s.other, step{how: stopped}), done.other)
					done.other.decode()
				}
				signal(syscall.SIGCONT)
			})
		}
	case primaryAway:
		d.Do = func() { w.place.Primary.Away(true); after(long, func() { w.place.Primary.Away(false) }) }
	case apiAway:
		api := w.place.APIs[s.pick/10%len(w.place.APIs)]
		d.Do = func() { api.Away(true); after(long, func() { api.Away(false) }) }
	default:
		d.Call = 0
	}
	return d
}

// decode decodes the document that the run printed.
func (r *ran) decode() {
	if r.stdout == "" {
		return
	}
	if r.options()[0] == "status" {
		var document v1alpha1.StatusReport
		if json.Unmarshal([]byte(r.stdout), &document) == nil && len(document.Regions) == 1 {
			r.status, r.outcome = &document.Regions[0], document.Outcome
		}
		return
	}
	var document struct {
		Outcome  v1alpha1.Outcome        `json:"outcome"`
		ExitCode int                     `json:"exitCode"`
		Regions  []v1alpha1.RegionReport `json:"regions"`
	}
	if json.Unmarshal([]byte(r.stdout), &document) != nil {
		return
	}
	r.outcome, r.exitCode = document.Outcome, document.ExitCode
	if changes(r.verb) && len(document.Regions) == 1 {
		r.report = &document.Regions[0]
	}
}

// String describes the result in one line.
func (r ran) String() string {
	var text []string
	switch {
	case r.killed:
		text = append(text, "killed")
	case r.outcome != "":
		text = append(text, fmt.Sprintf("exit code %d, %s", r.code, r.outcome))
	default:
		text = append(text, fmt.Sprintf("exit code %d", r.code))
	}
	if r.how != plain && !r.reached {
		text = append(text, "(it made fewer calls)")
	}
	if r.world != "" {
		text = append(text, "(the world: "+r.world+")")
	}
	if r.other != nil {
		text = append(text, "(the other operator's "+r.other.verb+": "+r.other.String()+")")
	}
	if r.report != nil {
		if r.report.Error != "" {
			text = append(text, r.report.Error)
		}
		for _, check := range r.report.Preflight {
			if check.State == v1alpha1.CheckFail || check.State == v1alpha1.CheckUnknown {
				text = append(text, check.ID+": "+check.Message)
			}
		}
	} else if r.code != 0 && !r.killed {
		text = append(text, lastLines(r.stderr, 3))
	}
	return strings.Join(text, "; ")
}

// lastLines returns the last n lines of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
