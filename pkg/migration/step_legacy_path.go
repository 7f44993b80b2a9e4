package migration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// verifyLegacyPath proves that the legacy path works again: the release is ready and envproxy answers. With force, it is
// enough that envproxy answers.
func verifyLegacyPath(force bool) Step {
	step := Step{Name: "verify-legacy-path", Owner: OwnerProvider, Reads: []snapshot.Item{snapshot.ItemLegacy}}
	answers := func(s *snapshot.Snapshot) error { return envproxyAnswers(s, force) }
	return step.waits("the legacy path", answers, func(s *snapshot.Snapshot) string {
		if s.Region.Satellite.None() {
			return throughPrimary
		}
		return "envproxy is available and answers"
	})
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
