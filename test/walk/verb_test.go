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

// ran is how a run of the plugin ended.
type ran struct {
	step
	stdout, stderr string
	code           int
	// killed tells that it was, reached that it came to the call to disturb.
	killed, reached bool
	// world is what the world did meanwhile; worked tells that it did something.
	world string
	// report is what it printed of the region, if it is a verb that changes regions.
	report *v1alpha1.RegionReport
	status *v1alpha1.RegionStatus
	// outcome and exitCode are what the document says of the whole.
	outcome  v1alpha1.Outcome
	exitCode int
	// other is what another operator ran meanwhile, if somebody did.
	other *ran
}

// selects tells whether the run is about the provider.
func (r ran) selects(provider string) bool {
	options := r.options()
	i := slices.Index(options, "--provider")
	return i < 0 || options[i+1] == provider
}

// completed tells whether the run says that the provider is done.
func (r ran) completed(provider string) bool {
	outcome := r.outcomeOf(provider)
	return outcome == v1alpha1.OutcomeSucceeded || outcome == v1alpha1.OutcomeNothingToDo
}

// outcomeOf is how the run ended for the provider; empty if it says nothing of it.
func (r ran) outcomeOf(provider string) v1alpha1.Outcome { return r.reportOf(provider).Outcome }

// errorOf is why it failed for the provider, as the run says.
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

// stateOf is what the run reports of the provider; nil if it reports nothing.
func (r ran) stateOf(provider string) *inlab.State {
	if r.report == nil {
		return nil
	}
	return inlab.StateOfProvider(*r.report, provider)
}

// changes tells whether the verb may change the region.
func changes(verb string) bool {
	switch strings.Fields(verb)[0] {
	case "status", "plan", "verify":
		return false
	}
	return true
}

// arguments are the plugin's whole arguments.
func (w *walker) arguments(verb string, s step) []string {
	patience := "10s"
	if s.how == misled {
		patience = "3s" // where an answer will not come
	}
	lock := "15s"
	switch s.how {
	case killed, killedLate, stopped:
		lock = "2s" // the next run waits for it, and another operator gets it
	}
	args := append(strings.Fields(verb), "-f", w.place.Fleet(), "--request-timeout", patience)
	switch strings.Fields(verb)[0] {
	case "unlock":
		return append(args, "--yes")
	case "status", "plan", "verify":
		return append(args, "-o", "json")
	case "migrate", "rollback", "finalize": // calls are counted, and those of a measurement come when they come
		args = append(args, "--measure=false")
	}
	return append(args, "-o", "json", "--yes", "--lock-duration", lock, "--step-timeout", "20s", "--timeout", "90s", "--evidence-dir", w.lab.Path("evidence"))
}

// run runs a verb of the real binary, disturbed as the step says.
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

// start runs a command to its end. A document that does not fit its schema is an
// error of the walk.
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

// disturbance is what is done at the step's call. What goes on after that call
// is over when later is.
func (w *walker) disturbance(ctx context.Context, s step, command *exec.Cmd, done *ran, later *sync.WaitGroup) meddle.Disturbance {
	d := meddle.Disturbance{Call: s.call}
	signal := func(signal os.Signal) { _ = command.Process.Signal(signal) } // the shells before it have become it by exec
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

// decode reads the document that the run printed.
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

// String says in one line how the run ended.
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

// lastLines returns the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
