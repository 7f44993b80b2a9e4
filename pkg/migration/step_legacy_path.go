package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// verifyLegacyPath proves that the legacy path works again: the release is
// ready for use, and envproxy answers at its access URL.
type verifyLegacyPath struct {
	// force is content with an envproxy that answers, whatever else is amiss.
	force bool
}

func (verifyLegacyPath) Name() string { return "verify-legacy-path" }

func (verifyLegacyPath) Reads() []snapshot.Item { return []snapshot.Item{snapshot.ItemLegacy} }

func (v verifyLegacyPath) Decide(s *snapshot.Snapshot) Decision {
	if err := v.answers(s); err != nil {
		return check("wait until envproxy answers")
	}
	return already("envproxy is available and answers")
}

func (v verifyLegacyPath) answers(s *snapshot.Snapshot) error {
	state, known := s.Legacy.Get()
	switch {
	case !known:
		return s.Legacy.Err()
	case state.Release == nil:
		return errors.New(state.Found.Explain())
	case !state.Readiness.Ready && !v.force:
		return errors.New(strings.Join(state.Readiness.Problems, "; "))
	}
	if stage, err := state.Reach.Failed(); state.AccessURL != "" && err != nil {
		return fmt.Errorf("%s does not answer: %s: %w", state.AccessURL, stage, err)
	}
	return nil
}

func (v verifyLegacyPath) Apply(ctx context.Context, run *Run) error {
	return run.WaitFor(ctx, "waiting for the legacy path", v.Reads(), v.answers)
}
