package migration

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// atPrimary turns it into a region without a satellite, whose satellite facts are never
// collected.
func atPrimary(s *snapshot.Snapshot) {
	s.Region.Satellite = fleet.Satellite{}
	s.Satellite, s.Endpoint, s.Legacy = snapshot.Fact[satellite.State]{}, snapshot.Fact[snapshot.Endpoint]{}, snapshot.Fact[snapshot.Legacy]{}
}

func noVersion(s *snapshot.Snapshot) { s.Primary.Version = snapshot.Unknown[coder.Version](errNothing) }

func noEndpoint(s *snapshot.Snapshot) {
	s.Endpoint = snapshot.Unknown[snapshot.Endpoint](errNothing)
}

func notThrough(s *snapshot.Snapshot) {
	set(&s.Endpoint, func(e *snapshot.Endpoint) { e.Version = snapshot.Unknown[coder.Version](errNothing) })
}

// A known violation of the rule differs from an unknown fact: after a signal, only a known
// violation switches Networking v2 off.
func TestBrokenAndUnknown(t *testing.T) {
	const (
		unregistered = "the satellite is not registered with the key of its cluster"
		keyless      = "the access URL does not serve a key: nothing answers"
		silent       = "the primary's API does not answer through the satellite: nothing answers"
		another      = "the access URL serves a different key than the satellite's own"
		unretained   = "the legacy release is not retained: "
	)
	for name, test := range map[string]struct {
		half            func(*snapshot.Snapshot) judgement
		but             func(*snapshot.Snapshot)
		broken, unknown string
	}{
		"all is well":              {newPath, func(*snapshot.Snapshot) {}, "", ""},
		"not registered":           {newPath, func(s *snapshot.Snapshot) { s.Registrations = snapshot.Known[[]coder.Satellite](nil) }, unregistered, ""},
		"registrations unknown":    {newPath, func(s *snapshot.Snapshot) { s.Registrations = snapshot.Unknown[[]coder.Satellite](errNothing) }, "", unregistered},
		"the satellite is unknown": {newPath, func(s *snapshot.Snapshot) { s.Satellite = snapshot.Unknown[satellite.State](errNothing) }, "", unregistered + "\n" + keyless},
		"another key":              {newPath, otherKey, another, ""},
		"no key":                   {newPath, noAnswer, keyless, ""},
		"nobody looked":            {newPath, noEndpoint, "", keyless + "\n" + silent},
		"it passes nothing on":     {newPath, notThrough, silent, ""},
		"passes on what":           {newPath, noVersion, "", silent},
		"of another version": {newPath, func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.21.6")) },
			"the primary's API does not answer through the satellite: version 1.21.7 answers through the satellite, but 1.21.6 at the primary", ""},
		"at the primary":         {newPath, atPrimary, "", ""},
		"the primary is away":    {newPath, func(s *snapshot.Snapshot) { atPrimary(s); noVersion(s) }, "", "the primary, which users connect to, does not answer: nothing answers"},
		"retained":               {wayBack, func(*snapshot.Snapshot) {}, "", ""},
		"in part":                {wayBack, notRetained, unretained + "missing an annotation", ""},
		"what is there":          {wayBack, noCluster, "", unretained + "the legacy release could not be examined: nothing answers"},
		"it is gone":             {wayBack, noLegacy, unretained + (legacy.Found{}).Explain(), ""},
		"none at the primary":    {wayBack, atPrimary, "", ""},
		"no ledger":              {wayBack, func(s *snapshot.Snapshot) { s.ProviderJournal.Value().Retention = nil }, unretained + "missing ledger in the journal", ""},
		"in part, and no ledger": {wayBack, func(s *snapshot.Snapshot) { notRetained(s); s.ProviderJournal.Value().Retention = nil }, unretained + "missing an annotation", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := migrated(t)
			test.but(s)
			got := test.half(s)
			if broken, unknown := words(got.broken), words(got.unknown); broken != test.broken || unknown != test.unknown {
				t.Errorf("broken: %q, unknown: %q\nwant: %q, %q", broken, unknown, test.broken, test.unknown)
			}
		})
	}
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The reason why the primary does not answer comes from the missing fact that is closest to it.
func TestAnswersForPrimary(t *testing.T) {
	for name, but := range map[string]func(*snapshot.Snapshot){"nobody looked": noEndpoint, "it passes nothing on": notThrough, "the primary is away": noVersion} {
		s := migrated(t)
		but(s)
		if got := words(s.PathAnswers()); got != errNothing.Error() {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Whether the provider uses Networking v2, as the last proof checks it.
func TestUsesNetworkingV2(t *testing.T) {
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want string // part of the error; empty if it does
	}{
		"on": {func(*snapshot.Snapshot) {}, ""},
		"always on": {func(s *snapshot.Snapshot) {
			offIn(s)
			s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0"))
		}, ""},
		"off":     {offIn, `provider "sydney" does not use Networking v2`},
		"unknown": {noPrimary, "the provider is unknown: nothing answers"},
	} {
		s := migrated(t)
		test.but(s)
		if got := words(usesNetworkingV2(s)); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
