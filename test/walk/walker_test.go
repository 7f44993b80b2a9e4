package walk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// walker walks in the one region of a lab of its own, and keeps a model of what
// the plugin is answerable for.
type walker struct {
	lab   *inlab.Lab
	place *meddle.Region
	first *beginning

	// token is the plugin's; secrets is all that must be in no output.
	token   string
	secrets []string
	// image is what the satellite ran before the world broke it.
	image string
	model
	// facts are how the region is after the latest step.
	facts meddle.Facts
	// diary tells, a line for each step, what was done and what came of it.
	diary []string
	// actions are how often each action was tried.
	actions map[string]int
}

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
	before := w.facts
	if s.world != "" {
		w.actions["world: "+s.world]++
		did := w.act(ctx, s.world, s)
		if err := w.settle(ctx); err != nil {
			return nil, err
		}
		w.note("%s: %s", s, did)
		w.worldActed(before, w.facts)
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
	violations := w.check(before, done)
	w.ran(before, w.facts, done)
	return violations, nil
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

// look reads the facts once.
func (w *walker) look(ctx context.Context) (meddle.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return w.place.Look(ctx)
}

// settle waits until the region stays as it is: what a step began in the
// cluster, such as pods that start, has its time.
func (w *walker) settle(ctx context.Context) error {
	w.place.Primary.Away(false)
	w.place.API.Away(false)
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
		now := facts.String()
		if now == last && settled {
			same++
		} else {
			last, same = now, 0
		}
		if same >= calm || time.Now().After(deadline) {
			w.facts = facts
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
func (w *walker) settled(ctx context.Context, facts meddle.Facts) (bool, error) {
	satellite, err := w.asked(ctx, inlab.SatelliteNamespace, "coderd")
	if err != nil {
		return false, err
	}
	envproxy, err := w.asked(ctx, inlab.LegacyNamespace, "envproxy")
	if err != nil {
		return false, err
	}
	// without a registration the primary refuses what the satellite passes on
	silent := facts.Silent != "" && facts.Registered
	waits := satellite && silent || envproxy && facts.EnvproxySilent != ""
	return !waits, nil
}
