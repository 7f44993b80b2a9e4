package walk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// walker walks in the only region of its own lab.
type walker struct {
	lab   *inlab.Lab
	place *meddle.Region
	in    shape
	views []*view

	// token is the plugin's token. secrets must not be in any output.
	token   string
	secrets []string
	// image is the satellite's image before the world broke it.
	image string
	// expired is set if the plugin's token has expired.
	expired bool
	// diary has one line for each step, with its result.
	diary []string
	// actions counts how often each action was tried.
	actions map[string]int
}

// view is one provider and its satellite: the original state, the facts before and after the
// latest step, and what the plugin is responsible for.
type view struct {
	*meddle.View
	first         *beginning
	before, facts meddle.Facts
	model
}

// seen is the view that the step selects.
func (w *walker) seen(s step) *view { return w.views[s.pick/100%len(w.views)] }

// violation is something that must not happen.
type violation struct {
	// kind is one or two words that identify this sort of violation.
	kind string
	text string
}

func violated(kind, format string, args ...any) violation {
	return violation{kind, fmt.Sprintf(format, args...)}
}

// walk does the steps until something is violated, and then ends all disturbances and expects the
// region to heal. It returns the violations and the number of their step; len(steps) is the
// healing. An error means that the walk itself could not continue.
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

// step does one step, and checks its result.
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

// worldActed records what the world broke or fixed.
func (w *walker) worldActed() {
	for _, v := range w.views {
		v.worldActed()
	}
}

// judge checks a run's effects on each provider, and records them.
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

// settle waits until the region no longer changes, because a step may have started something in
// its clusters, such as new pods.
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

// settled reports whether everything answers that the Deployments should run.
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
		// without a registration the primary refuses the satellite's requests
		silent := facts[i].Silent != "" && facts[i].Registered
		if satellite && silent || !v.BuiltIn && envproxy && facts[i].EnvproxySilent != "" {
			return false, nil
		}
	}
	return true, nil
}
