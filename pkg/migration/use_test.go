package migration

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A satellite that providers still use is kept. Each of them is named with the command that rolls
// it back.
func TestInUse(t *testing.T) {
	served := func(providers ...coder.Provider) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.Users = snapshot.Known(providers) }
	}
	declared := func(providers ...fleet.Provider) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.Region.Providers = providers }
	}
	both := func(changes ...func(*snapshot.Snapshot)) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			for _, change := range changes {
				change(s)
			}
		}
	}
	on := func(id, name string) coder.Provider {
		return coder.Provider{ID: id, Name: name, EnableNetV2: ptr.To(true)}
	}
	off := coder.Provider{ID: "o", Name: "off", EnableNetV2: ptr.To(false)}
	const rollback = "kubectl coder-satellite rollback"
	two := declared(fleet.Provider{Name: "sydney", Selector: "--provider sydney"}, fleet.Provider{Name: "q", Selector: "--provider q"})
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want string // part of the reason; empty if no provider uses it
	}{
		"its own provider, off":     {offIn, ""},
		"its own provider, on":      {func(*snapshot.Snapshot) {}, `provider "sydney" uses Networking v2, and no other satellite serves it: ` + "`" + rollback + " --context sydney` first"},
		"its own provider, unknown": {noPrimary, "the provider is unknown: nothing answers"},
		"its own provider, always on": {func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0")) },
			`a primary of v1.22.0 always uses Networking v2, and no other satellite serves provider "sydney"`},
		"whom it serves is unknown":    {both(offIn, func(s *snapshot.Snapshot) { s.Users = snapshot.Unknown[[]coder.Provider](errNothing) }), "the providers that the satellite serves are unknown: nothing answers"},
		"it serves nobody":             {served(), ""},
		"it serves others, all off":    {served(off, off), ""},
		"it serves another":            {both(offIn, served(off, on("q", "quiet"))), "`" + rollback + " --provider quiet` first"},
		"it serves the region's own":   {served(on("p", "sydney")), "`" + rollback + " --context sydney` first"},
		"one of two, by name":          {both(two, served(on("p", "sydney"))), "`" + rollback + " --context sydney --provider sydney` first"},
		"one of two, by ID":            {both(two, served(on("q", "quiet"))), "`" + rollback + " --context sydney --provider q` first"},
		"one of two, by neither":       {both(two, served(on("r", "rest"))), "`" + rollback + " --provider rest` first"},
		"the first of two, by neither": {both(two, served(on("p", "renamed"))), "`" + rollback + " --provider renamed` first"},
		"another, of the region's rest": {both(func(s *snapshot.Snapshot) {
			s.Region.Others = []fleet.Provider{{Name: "quiet", Selector: "--provider quiet"}}
		}, served(on("q", "quiet"))), "`" + rollback + " --context sydney --provider quiet` first"},
	} {
		t.Run(name, func(t *testing.T) {
			s := migrated(t)
			test.but(s)
			if got := words(inUse(s)); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// Users go back to the legacy path only if it is known to work.
func TestLegacyServes(t *testing.T) {
	answering, refused := probe.Result{}, probe.Result{Stage: "TCP", Err: errNothing}
	state := func(ready bool, url string, reach probe.Result) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			set(&s.Legacy, func(l *snapshot.Legacy) {
				l.Readiness, l.AccessURL, l.Reach = legacy.Readiness{Ready: ready}, url, reach
			})
		}
	}
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want bool
	}{
		"ready":                     {state(true, "", probe.Result{}), true},
		"ready, refused from here":  {state(true, "https://x", refused), true},
		"not ready, but it answers": {state(false, "https://x", answering), true},
		"not ready, refused":        {state(false, "https://x", refused), false},
		"not ready, nobody asked":   {state(false, "", probe.Result{}), false},
		"no release": {func(s *snapshot.Snapshot) {
			s.Legacy = snapshot.Known(snapshot.Legacy{Readiness: legacy.Readiness{Ready: true}})
		}, false},
		"unknown": {noCluster, false},
	} {
		s := migrated(t)
		test.but(s)
		if got := legacyServes(s); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
