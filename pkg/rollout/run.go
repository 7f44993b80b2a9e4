package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// lookAgain is how long a run that waits sleeps at most. A computer that was asleep, and what others did, is then noticed.
const lookAgain = 10 * time.Second

// loop is a rollout in progress.
type loop struct {
	*Rollout
	rules   Rules
	regions map[string]progress // all of this run
	reports map[string]v1alpha1.RegionReport
	store   Store
	plans   map[string]v1alpha1.RegionPlan
	said    string // the last event about the whole rollout
	stopped string // why no further region starts; empty while they may
}

// run starts each region when the rules allow it, and none after ctx has ended.
func (l *loop) run(ctx context.Context, one func(ctx context.Context, name string) v1alpha1.RegionReport) {
	results, signal := make(chan v1alpha1.RegionReport), ctx.Done()
	for {
		next := l.next(ctx)
		for _, name := range next.start {
			l.regions[name] = atWork
			go func() { results <- one(ctx, name) }()
		}
		working := count(l.regions, atWork)
		if working == 0 && (next.waits == "" || ctx.Err() != nil) {
			return
		}
		var timer <-chan time.Time
		if next.waits != "" {
			timer = l.Clock.After(l.sleep(next))
		}
		select {
		case report := <-results:
			l.end(ctx, report)
		case <-timer:
		case <-signal:
			signal = nil // said once; what is in hand is finished
			if working > 0 {
				l.say("interrupted: no further region starts; the steps in hand are finished, then the locks released", "")
			}
		}
	}
}

// next returns what may happen now, after it has looked at a wave if it was time to.
func (l *loop) next(ctx context.Context) (d decision) {
	for looked := false; ctx.Err() == nil && l.stopped == ""; looked = true {
		state, err := l.store.Load(ctx)
		if err != nil { // nothing starts on what is unknown
			l.say(err.Error(), "")
			return decision{waits: err.Error()}
		}
		d = l.rules.decide(l.regions, state, l.now())
		if d.waits != "" {
			l.say(d.waits, d.todo)
		}
		if d.look == nil || looked {
			return d
		}
		if err := l.look(ctx, d, state); err != nil {
			l.say(err.Error(), "")
		}
	}
	return decision{}
}

// sleep returns how long to wait before the rollout is decided on again.
func (l *loop) sleep(d decision) time.Duration {
	if d.until.IsZero() {
		return lookAgain
	}
	return min(max(d.until.Sub(l.now()), time.Second), lookAgain)
}

// now has no monotonic part: that stands still while the computer sleeps.
func (l *loop) now() time.Time { return l.Clock.Now().Round(0) }

// say reports what concerns the whole rollout, and what somebody must do about it, unless that was the last it said.
func (l *loop) say(message, todo string) {
	if message == l.said {
		return
	}
	l.said = message
	event := v1alpha1.Progress{Time: metav1.NewTime(l.now()), State: v1alpha1.StepRunning, Message: message}
	l.Report(event)
	if todo != "" {
		event.Message, event.Attention = todo, true
		l.Report(event)
	}
}

// end keeps the result of a region, also in the store, where other machines find it.
func (l *loop) end(ctx context.Context, report v1alpha1.RegionReport) {
	l.reports[report.Name], l.regions[report.Name] = report, failed
	ended := Ended{At: l.now(), Outcome: report.Outcome, LongestGapMilliseconds: longestGap(report)}
	switch report.Outcome {
	case v1alpha1.OutcomeSucceeded:
		l.regions[report.Name] = done
	case v1alpha1.OutcomeNothingToDo:
		l.regions[report.Name] = done
		if at := l.plans[report.Name].Migrated; at != nil {
			ended.At = at.Time
		}
	case v1alpha1.OutcomeUnreachable: // it was left out on request
		l.regions[report.Name] = done
		return
	case v1alpha1.OutcomeInterrupted, v1alpha1.OutcomeLockHeld, v1alpha1.OutcomeLockLost: // somebody goes on with it
		return
	}
	wave := slices.IndexFunc(l.rules.Waves, func(wave fleet.Wave) bool { return slices.Contains(wave.Regions, report.Name) })
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := l.store.Update(ctx, l.rules.Waves[wave].Name, func(state *WaveState) bool {
		state.end(report.Name, ended)
		return true
	})
	if err != nil {
		l.say(err.Error(), "run this again later, so that other machines learn how "+report.Name+" ended")
	}
}

// longestGap returns the longest time without an answer that was measured in a region, in milliseconds; nil if none was.
func longestGap(report v1alpha1.RegionReport) *int64 {
	if report.Measured == nil || len(report.Measured.Paths) == 0 {
		return nil
	}
	longest := int64(0)
	for _, path := range report.Measured.Paths {
		longest = max(longest, path.LongestGapMilliseconds)
	}
	return &longest
}

// why says why a region was not started. The outcome is empty if a failed region has its own.
func (l *loop) why(ctx context.Context) (text string, outcome v1alpha1.Outcome) {
	if errors.Is(context.Cause(ctx), migration.ErrInterrupted) {
		return "not started, because the run was interrupted", ""
	}
	if l.stopped != "" {
		return "not started, because " + l.stopped, v1alpha1.OutcomePreflightFailed
	}
	if ours := count(l.regions, failed); ours > l.rules.MaxFailures {
		return fmt.Sprintf("not started, because %d region(s) failed (rollout.maxFailures)", ours), ""
	}
	return "not started, because regions failed in other runs with the same home (rollout.maxFailures): " +
		"migrate those first, or allow more with --max-failures", v1alpha1.OutcomePreflightFailed
}

// Outcome joins the regions' outcomes into the command's.
func Outcome(reports []v1alpha1.RegionReport) v1alpha1.Outcome {
	outcomes := make([]v1alpha1.Outcome, len(reports))
	for i, report := range reports {
		outcomes[i] = report.Outcome
	}
	return migration.Join(outcomes)
}
