package walk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// walker walks in one region of a lab of its own.
type walker struct {
	lab   *inlab.Lab
	place *meddle.Region
	in    shape
	views []*view

	// token is the plugin's; secrets is all that must be in no output.
	token   string
	secrets []string
	// image is what the satellite ran before the world broke it.
	image string
	// expired tells that the plugin's token is.
	expired bool
	// diary tells, a line for each step, what was done and what came of it.
	diary []string
	// actions are how often each action was tried.
	actions map[string]int
}

// view is what is walked in of one provider and its satellite: how it was in the
// beginning, how it is after the latest step, how it was before that, and what the
// plugin is answerable for.
type view struct {
	*meddle.View
	first         *beginning
	before, facts meddle.Facts
	model
}

// seen is the view that a step chose.
func (w *walker) seen(s step) *view { return w.views[s.pick/100%len(w.views)] }

// violation is something that must not be.
type violation struct {
	// kind is one word or two, by which violations are told apart.
	kind string
	text string
}

func violated(kind, format string, args ...any) violation {
	return violation{kind, fmt.Sprintf(format, args...)}
}

// walk does the steps, one after the other, until something is violated, and
// then lets the world behave and expects the region to heal. It returns what was
// violated, and at which step: len(steps) is the healing. The error says that
// the walk itself could not go on.
func (w *walker) walk(ctx context.Context, steps []step) (violations []violation, at int, err error) {
	if err := w.reset(ctx); err != nil {
		return nil, 0, fmt.Errorf("reset: %w", err)
	}
	for i, s := range steps {
		violations, err := w.step(ctx, s)
		if err != nil || len(violations) > 0 {
			return violations, i, err
		}
	}
	violations, err = w.heal(ctx)
	return violations, len(steps), err
}

// step does one step, and checks what came of it.
func (w *walker) step(ctx context.Context, s step) ([]violation, error) {
	if s.world != "" {
		w.actions["world: "+s.world]++
		did := w.act(ctx, s.world, s)
		if err := w.settle(ctx); err != nil {
			return nil, err
		}
		w.note("%s: %s", s, did)
		w.worldActed()
		return nil, nil
	}
	done, err := w.run(ctx, s)
	if err != nil {
		return nil, err
	}
	w.count(s, done)
	if err := w.settle(ctx); err != nil {
		return nil, err
	}
	w.note("%s: %s", s, done)
	return w.judge(done), nil
}

// worldActed notes what the world broke, and what it made good.
func (w *walker) worldActed() {
	for _, v := range w.views {
		v.worldActed()
	}
}

// judge checks what a run did to each provider, and notes it.
func (w *walker) judge(done ran) []violation {
	found := w.check(done)
	for _, v := range w.views {
		v.ran(done)
	}
	return found
}

func (w *walker) count(s step, done ran) {
	verb := s.options()[0]
	w.actions["verb: "+verb]++
	if s.how != plain && done.reached {
		w.actions["disturbed: "+strings.TrimSuffix(string(s.how), " at")]++
		if s.how == behind {
			w.actions["world: "+s.other]++
		}
	}
	if s.other != "" && s.how == stopped && done.reached {
		w.actions["verb: "+strings.Fields(s.other)[0]]++
	}
}

func (w *walker) note(format string, args ...any) {
	w.diary = append(w.diary, fmt.Sprintf("%d. ", len(w.diary)+1)+fmt.Sprintf(format, args...))
}

// look reads the facts of each view once.
func (w *walker) look(ctx context.Context) ([]meddle.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var all []meddle.Facts
	for _, v := range w.views {
		facts, err := v.Look(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, facts)
	}
	return all, nil
}

// settle waits until the region stays as it is: what a step began in its
// clusters, such as pods that start, has its time.
func (w *walker) settle(ctx context.Context) error {
	w.place.Primary.Away(false)
	for _, api := range w.place.APIs {
		api.Away(false)
	}
	const calm, often, long = 3, 300 * time.Millisecond, 12 * time.Second
	deadline := time.Now().Add(long)
	ticker := time.NewTicker(often)
	defer ticker.Stop()
	last, same := "", 0
	for {
		facts, err := w.look(ctx)
		if err != nil {
			return fmt.Errorf("the region cannot be looked at: %w", err)
		}
		settled, err := w.settled(ctx, facts)
		if err != nil {
			return err
		}
		now := fmt.Sprint(facts)
		if now == last && settled {
			same++
		} else {
			last, same = now, 0
		}
		if same >= calm || time.Now().After(deadline) {
			for i, v := range w.views {
				v.before, v.facts = v.facts, facts[i]
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// settled tells whether what answers is what the Deployments ask for.
func (w *walker) settled(ctx context.Context, facts []meddle.Facts) (bool, error) {
	for i, v := range w.views {
		satellite, err := asked(ctx, v.Satellite, inlab.SatelliteNamespace, "coderd")
		if err != nil {
			return false, err
		}
		envproxy, err := asked(ctx, v.Direct, v.Namespace, "envproxy")
		if err != nil {
			return false, err
		}
		// without a registration the primary refuses what the satellite passes on
		silent := facts[i].Silent != "" && facts[i].Registered
		if satellite && silent || !v.BuiltIn && envproxy && facts[i].EnvproxySilent != "" {
			return false, nil
		}
	}
	return true, nil
}
