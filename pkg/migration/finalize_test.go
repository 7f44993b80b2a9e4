package migration

import (
	"slices"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// If the primary no longer supports a rollback, finalize does not require one that would work.
func TestFinalizeWithoutRollback(t *testing.T) {
	for release, asked := range map[string]bool{"1.21.7": true, "1.22.0": false, "": true} {
		s := migrated(t)
		s.Primary.Version = snapshot.Unknown[coder.Version](errNothing)
		if release != "" {
			s.Primary.Version = snapshot.Known(version(t, release))
		}
		state := s.Legacy.Value()
		state.Readiness = legacy.Readiness{Problems: []string{"Deployment coder/envproxy is not available: it is scaled to 0 replicas"}}
		s.Legacy = snapshot.Known(state)
		results := preflightFinalize(s, false)
		at := slices.IndexFunc(results, func(r v1alpha1.CheckResult) bool { return r.ID == "legacy-rollback-ready" })
		if (at >= 0) != asked || at >= 0 && results[at].State != v1alpha1.CheckFail {
			t.Errorf("with a primary of %q: %+v", release, results)
		}
		if !slices.ContainsFunc(results, func(r v1alpha1.CheckResult) bool { return r.ID == "legacy-retained" && r.State == v1alpha1.CheckPass }) {
			t.Errorf("with a primary of %q retention is not asked for: %+v", release, results)
		}
	}
}
