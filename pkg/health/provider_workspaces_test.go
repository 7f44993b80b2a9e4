package health_test

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestWorkspacesAdopted(t *testing.T) {
	switched := func(change func(*journal.Record)) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { change(s.ProviderJournal.Value()) }
	}
	never := switched(func(r *journal.Record) { r.Switched = nil })
	none := func(s *snapshot.Snapshot) { s.Workspaces = snapshot.Known[[]coder.Workspace](nil) }
	always := func(s *snapshot.Snapshot) {
		never(s)
		s.Primary.Version = snapshot.Known(version("1.44.3"))
		edit(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = nil })
	}
	noLegacy := func(s *snapshot.Snapshot) { s.Legacy = snapshot.Known(snapshot.Legacy{}) }
	answers(t, map[string]row{
		"no other path":      {"workspaces-adopted", both(always, noLegacy), v1alpha1.CheckSkipped, "there is no legacy path", ""},
		"always on":          {"workspaces-adopted", always, v1alpha1.CheckUnknown, "no journal says when", ""},
		"all":                {"workspaces-adopted", as, v1alpha1.CheckPass, "the one workspace was built since the switch", ""},
		"one waits":          {"workspaces-adopted", waiting, v1alpha1.CheckWarn, "1 of 2 workspaces were built since the switch, 1 on and waiting for a rebuild", "workspaces --context sydney"},
		"there are none":     {"workspaces-adopted", both(none, never), v1alpha1.CheckPass, "the provider has no workspaces", ""},
		"never switched":     {"workspaces-adopted", both(never, off), v1alpha1.CheckSkipped, "not switched on here", ""},
		"no journal, and on": {"workspaces-adopted", never, v1alpha1.CheckUnknown, "no journal says when", ""},
		"switched by others": {"workspaces-adopted", off, v1alpha1.CheckUnknown, "by somebody else or by a run that died", ""},
		"not listed then":    {"workspaces-adopted", switched(func(r *journal.Record) { r.Switched.LatestBuild = nil }), v1alpha1.CheckUnknown, "could not be listed when", ""},
		"not listed now":     {"workspaces-adopted", func(s *snapshot.Snapshot) { lose(&s.Workspaces) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"went back":          {"workspaces-adopted", both(off, switched(func(r *journal.Record) { r.Switched.On = false })), v1alpha1.CheckPass, "since the switch", ""},
		"journal lost":       {"workspaces-adopted", func(s *snapshot.Snapshot) { lose(&s.ProviderJournal) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}
