package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// verifyLegacyPath proves that the legacy path works again: the release is
// ready for use, and envproxy answers at its access URL. With force it accepts
// an envproxy that answers, whatever else is missing.
func verifyLegacyPath(force bool) Step {
	items := []snapshot.Item{snapshot.ItemLegacy}
	answers := func(s *snapshot.Snapshot) error { return envproxyAnswers(s, force) }
	return Step{
		Name:   "verify-legacy-path",
		Owner:  OwnerProvider,
		Reads:  items,
		Rights: primaryOnly,
		Decide: func(s *snapshot.Snapshot) Decision {
			if s.Region.Satellite.None() {
				return already(throughPrimary)
			}
			if answers(s) != nil {
				return check("wait until envproxy answers")
			}
			return already("envproxy is available and answers")
		},
		Apply: func(ctx context.Context, run *Run) error {
			return run.WaitFor(ctx, "waiting for the legacy path", items, answers)
		},
	}
}

func envproxyAnswers(s *snapshot.Snapshot, force bool) error {
	state, known := s.Legacy.Get()
	switch {
	case s.Region.Satellite.None():
		return nil
	case !known:
		return s.Legacy.Err()
	case state.Release == nil:
		return errors.New(state.Found.Explain())
	case !state.Readiness.Ready && !force:
		return errors.New(strings.Join(state.Readiness.Problems, "; "))
	}
	if reach := state.Reach; state.AccessURL != "" && reach.Err != nil {
		return fmt.Errorf("%s does not answer: %s: %w", state.AccessURL, reach.Stage, reach.Err)
	}
	return nil
}
