package rollout

import (
	"context"
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
	began   time.Time
	regions map[string]progress              // all of this run
	reports map[string]v1alpha1.RegionReport // of those that were run
	store   Store
	said    map[string]string // the last event of each kind about the whole rollout
	stopped string            // why no further region starts; empty while they may
}

// run starts each region when the rules allow it, and none after ctx has ended.
func (l *loop) run(ctx context.Context, one func(ctx context.Context, name string) v1alpha1.RegionReport) {
	l.forgive(ctx)
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
			timer = l.Clock.After(l.pause(next))
		}
		select {
		case report := <-results:
			l.end(ctx, report)
		case <-timer:
		case <-signal:
			signal = nil // said once; what is in progress is finished
			if working > 0 {
				l.say("signal", "interrupted: no further region starts; the steps in progress are finished, then the locks released", "")
			}
		}
	}
}

// next returns what may happen now, after it has looked at a wave if it was time to, and has noted what starts.
func (l *loop) next(ctx context.Context) (d decision) {
	for looked := false; ctx.Err() == nil && l.stopped == ""; looked = true {
		state, err := l.store.Load(ctx)
		if err == nil {
			l.said["error"] = "" // the next one is news again
			d = l.rules.decide(l.regions, state, l.began, l.now())
			if l.stopped = d.stops; d.waits != "" {
				l.say("wait", d.waits, d.todo)
			}
			if d.look == nil || looked {
				if len(d.start) == 0 {
					return d
				}
				err = l.store.Update(ctx, d.wave, func(state *WaveState) bool {
					state.worked(l.now()) // what failed there is forgiven when it has succeeded
					return true
				})
				if err == nil {
					return d
				}
			} else {
				err = l.look(ctx, *d.look)
			}
		}
		if err != nil && ctx.Err() == nil { // nothing starts on what is unknown
			l.say("error", err.Error(), "")
			return decision{waits: err.Error()}
		}
	}
	return decision{}
}

// pause returns how long to wait before the rollout is decided on again.
func (l *loop) pause(d decision) time.Duration {
	if d.until.IsZero() {
		return lookAgain
	}
	return min(max(d.until.Sub(l.now()), time.Second), lookAgain)
}

// now has no monotonic part: that stands still while the computer sleeps.
func (l *loop) now() time.Time { return l.Clock.Now().Round(0) }

// say reports what concerns the whole rollout, and what somebody must do about it, unless that was the last of its kind.
func (l *loop) say(kind, message, todo string) {
	if message == l.said[kind] {
		return
	}
	l.said[kind] = message
	event := v1alpha1.Progress{Time: metav1.NewTime(l.now()), State: v1alpha1.StepRunning, Message: message}
	l.Report(event)
	if todo != "" {
		event.Message, event.Attention = todo, true
		l.Report(event)
	}
}

// end keeps the result of a region, and tells other runs. If they cannot be told, their looks will find it.
func (l *loop) end(ctx context.Context, report v1alpha1.RegionReport) {
	name := report.Name
	l.reports[name], l.regions[name] = report, failed
	switch report.Outcome {
	case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo:
		l.regions[name] = done
	case v1alpha1.OutcomeLockHeld:
		if l.Home != nil { // another run migrates it: it is waited for like its others
			l.regions[name] = elsewhere
		}
		return
	case v1alpha1.OutcomeInterrupted, v1alpha1.OutcomeLockLost, v1alpha1.OutcomePreflightFailed: // it may be continued
		return
	}
	err := l.store.Update(context.WithoutCancel(ctx), l.rules.Waves[l.rules.waveOf(name)].Name, func(state *WaveState) bool {
		if state.worked(l.now(), name); l.regions[name] == failed {
			state.fail(l.now(), name)
		}
		return true
	})
	if err != nil {
		l.say("error", err.Error(), "")
	}
}

// forgive forgets failures of regions that need nothing now.
func (l *loop) forgive(ctx context.Context) {
	state, _ := l.store.Load(ctx) // an error is told of when it stands in the way
	for _, wave := range l.rules.Waves {
		fine := slices.DeleteFunc(fleet.RegionNames(wave.All), func(name string) bool { return l.regions[name] != done })
		if known := state[wave.Name]; known.forgive(fine...) {
			_ = l.store.Update(ctx, wave.Name, func(fresh *WaveState) bool { return fresh.forgive(fine...) })
		}
	}
}

// why says why a region was not started. The outcome is empty if what happened to other regions has one.
func (l *loop) why(ctx context.Context) (text string, outcome v1alpha1.Outcome) {
	switch {
	case ctx.Err() != nil:
		return "not started, because the run was interrupted", ""
	case count(l.regions, failed) > 0:
		return "not started, because " + l.stopped, ""
	}
	return "not started, because " + l.stopped, v1alpha1.OutcomePreflightFailed
}

// Outcome joins the regions' outcomes into the command's.
func Outcome(reports []v1alpha1.RegionReport) v1alpha1.Outcome {
	outcomes := make([]v1alpha1.Outcome, len(reports))
	for i, report := range reports {
		outcomes[i] = report.Outcome
	}
	return migration.Join(outcomes)
}
