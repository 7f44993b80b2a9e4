package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// world is a region in which each step sets one flag. The last flag is the switch, which requires
// all others.
type world struct {
	so []bool
	// trouble holds failures, by step and call.
	trouble map[string]trouble
	// log lists the calls in order.
	log []string
	// broken describes a violation of the rule; it must stay empty.
	broken string

	record *journal.Record
	writes int
	// failWrite is the number of the journal write that fails with writeErr; the first is 1.
	failWrite int
	writeErr  error
}

// trouble is a failure of one call of a step.
type trouble struct {
	err error
	// anyway is set if the call takes effect although it fails.
	anyway bool
}

func newWorld(so ...bool) *world {
	return &world{so: so, trouble: map[string]trouble{}, record: &journal.Record{}}
}

func (w *world) switchIndex() int { return len(w.so) - 1 }

// set changes one flag and checks the rule.
func (w *world) set(i int, so bool) {
	w.so[i] = so
	if w.so[w.switchIndex()] && slices.Contains(w.so[:w.switchIndex()], false) {
		w.broken = fmt.Sprintf("the switch is on in %v, after %v", w.so, w.log)
	}
}

func (w *world) done() bool { return !slices.Contains(w.so, false) }

// thing is the step that sets one flag.
type thing struct {
	world *world
	index int
}

func (t thing) name() string { return fmt.Sprintf("step-%d", t.index) }
func (t thing) step() Step {
	return Step{Name: t.name(), Owner: OwnerProvider, Decide: t.decide, Apply: t.apply}
}
func (t thing) say(what string)             { t.world.log = append(t.world.log, what+" "+t.name()) }
func (t thing) trouble(what string) trouble { return t.world.trouble[what+" "+t.name()] }
func (t thing) change(what string, so bool) error {
	t.say(what)
	trouble := t.trouble(what)
	if trouble.err == nil || trouble.anyway {
		t.world.set(t.index, so)
	}
	return trouble.err
}

func (t thing) decide(*snapshot.Snapshot) Decision {
	if t.world.so[t.index] {
		return already("it is so")
	}
	return change("make it so")
}

func (t thing) apply(ctx context.Context, run *Run) error {
	if run.ProviderRecord.Step != t.name() || run.ProviderRecord.State != v1alpha1.StepRunning {
		t.world.broken = t.name() + " was applied before the journal told of it"
	}
	if t.index == t.world.switchIndex() && slices.Contains(t.world.so[:t.index], false) {
		t.say("refuse")
		return errors.New("not switched")
	}
	return t.change("apply", true)
}

// engine returns a run on the world, as one provider, together with its report.
func (w *world) engine(ctx context.Context, options Options) (*regionRun, *v1alpha1.RegionReport) {
	operation := Operation{Name: "migrate"}
	for i := range w.so {
		operation.Steps = append(operation.Steps, thing{w, i}.step())
	}
	report := &v1alpha1.RegionReport{}
	clock := clocktesting.NewFakeClock(testNow)
	p := &part{
		owner: OwnerProvider, name: "sydney", record: w.record, steps: operation.Steps, ctx: ctx,
		Run: Run{
			Runner: &Runner{Options: options, Clock: clock}, Source: &snapshot.Source{Region: fleet.Region{Name: "sydney"}},
			Initial: &snapshot.Snapshot{}, Now: &snapshot.Snapshot{}, ProviderRecord: w.record, progress: func(string, bool) {},
		},
		store: func(context.Context, *journal.Record) error {
			w.writes++
			if w.writes == w.failWrite {
				return w.writeErr
			}
			return nil
		},
	}
	return &regionRun{
		Runner: &Runner{
			Options: options, Clock: clock, Region: &snapshot.Region{Region: fleet.Region{Name: "sydney"}}, Report: func(v1alpha1.Progress) {},
		},
		operation: operation, report: report, providers: []*part{p}, tell: func(*part, v1alpha1.StepResult) {},
		settle: func(_ *part, failed string, cause error) error {
			w.log = append(w.log, strings.TrimSpace("settle "+failed))
			return cause
		},
	}, report
}

// run applies the world's steps and returns the error that stopped it early.
func (r *regionRun) run(ctx context.Context) error {
	r.apply(ctx)
	return r.err()
}

// states lists the results of a report as "step state".
func states(report *v1alpha1.RegionReport) []string {
	var all []string
	for _, result := range report.Steps {
		all = append(all, result.Name+" "+string(result.State))
	}
	return all
}

// clone keeps the initial facts while the snapshot in use changes.
func clone(s *snapshot.Snapshot) *snapshot.Snapshot { return new(*s) }
