package gitops

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// watch looks at a region again and again, without the plugin and with its status, until the test ends. Whenever Networking v2
// is on, the rule must hold: the satellite serves, and the legacy release is retained.
type watch struct {
	view   *meddle.View
	region string

	mu    sync.Mutex
	looks int // that found Networking v2 on
}

// beginWatch begins to look. The function that it returns ends that.
func beginWatch(t *testing.T, v *meddle.View) (end func()) {
	t.Helper()
	w := &watch{view: v, region: v.Region}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, look := range []func(context.Context) error{w.facts, w.status} {
		group.Go(func() {
			ticker := time.NewTicker(100 * time.Millisecond)
			defer ticker.Stop()
			for ctx.Err() == nil {
				if err := look(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("at %s: %v", time.Now().UTC().Format(time.RFC3339Nano), err)
					return
				}
				select {
				case <-ctx.Done():
				case <-ticker.C:
				}
			}
		})
	}
	end = sync.OnceFunc(func() {
		cancel()
		group.Wait()
		t.Logf("looked %d times while Networking v2 was on", w.looks)
		if w.looks < 10 {
			t.Errorf("looked only %d times while Networking v2 was on", w.looks)
		}
	})
	t.Cleanup(end)
	return end
}

// facts looks past the plugin.
func (w *watch) facts(ctx context.Context) error {
	facts, err := w.view.Look(ctx)
	if err != nil {
		return err
	}
	broken := facts.Rule()
	if still, err := w.on(ctx); err != nil || !still {
		return err // what was seen may have been seen after the switch
	}
	w.count(facts.Switch == meddle.On)
	return broken
}

// status asks the plugin.
func (w *watch) status(ctx context.Context) error {
	before, err := w.on(ctx)
	if err != nil || !before {
		return err
	}
	result := lab.Plugin(ctx, "status", "-f", "fleet.yaml", "--region", w.region, "-o", "json")
	if after, err := w.on(ctx); err != nil || !after {
		return err
	}
	report, err := decoded(result)
	if err != nil {
		return err
	}
	for _, check := range report.Regions[0].Checks {
		if check.ID == "legacy-retained" && check.State != v1alpha1.CheckPass {
			return fmt.Errorf("status: %s is %s: %s", check.ID, check.State, check.Message)
		}
	}
	w.count(true)
	return nil
}

// on reports whether Networking v2 is on, by choice.
func (w *watch) on(ctx context.Context) (bool, error) {
	state, err := w.view.Lab.State()
	if err != nil {
		return false, errors.Join(err, ctx.Err())
	}
	provider, err := w.view.AtPrimary(state)
	return err == nil && state.Version == "1.21.7" && provider.EnableNetV2 != nil && *provider.EnableNetV2, err
}

func (w *watch) count(on bool) {
	if !on {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
}
