package migration

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// The journal holds what this plugin suspended, and only as long as nobody resumed it.
func TestSuspensionIsNoted(t *testing.T) {
	reconciling, suspended := fluxOwns(func(*gitops.Control) {}), fluxOwns(func(c *gitops.Control) { c.Suspended = true })
	for name, test := range map[string]struct {
		policy       Policy
		state        func(*snapshot.Snapshot)
		before, want string
	}{
		"ours":                  {Suspend, reconciling, "", "Flux's HelmRelease coder/envproxy"},
		"somebody else's":       {Suspend, suspended, "", ""},
		"ours, earlier":         {Suspend, suspended, "Flux's HelmRelease coder/envproxy", "Flux's HelmRelease coder/envproxy"},
		"ours, resumed in Git":  {Wait, reconciling, "Flux's HelmRelease coder/envproxy", ""},
		"nobody owns it, to us": {Suspend, func(*snapshot.Snapshot) {}, "", ""},
	} {
		s, record := fresh(t), &journal.Record{Suspended: test.before}
		test.state(s)
		retainLegacy(test.policy).Note(s, record)
		if record.Suspended != test.want {
			t.Errorf("%s: %q, not %q", name, record.Suspended, test.want)
		}
	}
}

// Whatever the plan said, nothing is resumed while the provider is, or may be, on the new path.
func TestResumeKeepsTheRule(t *testing.T) {
	s := migrated(t)
	suspendedByUs(s)
	if err := applyResume(t.Context(), &Run{Now: s}); err == nil || !strings.Contains(err.Error(), "must stay retained") {
		t.Errorf("with Networking v2 on: %v", err)
	}
}

// A rollback resumes last, before the satellite goes, and only if it is asked to.
func TestRollbackResumes(t *testing.T) {
	for _, resume := range []bool{true, false} {
		steps := Rollback(RollbackOptions{Resume: resume, RemoveSatellite: true}).of(OwnerProvider)
		if last := steps[len(steps)-1].Name; (last == "resume-flux") != resume {
			t.Errorf("resume %t: the last step is %s", resume, last)
		}
	}
}
