package verify

import (
	"errors"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// TestTrusted proves that a satellite gets the token only if everything that identifies it is
// known and matches.
func TestTrusted(t *testing.T) {
	good := func() *snapshot.Snapshot {
		return &snapshot.Snapshot{
			Region:        fleet.Region{Name: "sydney", Satellite: fleet.Satellite{Context: "sydney", AccessURL: "https://coder-sydney.example.com"}},
			Endpoint:      snapshot.Known(snapshot.Endpoint{Key: coder.SatelliteKey{Key: "key", Fingerprint: "print"}}),
			Satellite:     snapshot.Known(satellite.State{Installed: true, PublicKey: "key", Fingerprint: "print"}),
			Registrations: snapshot.Known([]coder.Satellite{{ID: "1", Name: "sydney", Fingerprint: "print"}}),
		}
	}
	if err := trusted(good()); err != nil {
		t.Errorf("a matching satellite is not trusted: %v", err)
	}
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		edit func(*snapshot.Snapshot)
		want string
	}{
		"endpoint unknown":      {func(s *snapshot.Snapshot) { s.Endpoint = snapshot.Unknown[snapshot.Endpoint](broken) }, "is the region's own: broken"},
		"does not answer":       {func(s *snapshot.Snapshot) { s.Endpoint = snapshot.Known(snapshot.Endpoint{KeyErr: broken}) }, "is the region's own: broken"},
		"cluster unknown":       {func(s *snapshot.Snapshot) { s.Satellite = snapshot.Unknown[satellite.State](broken) }, "is the region's own: broken"},
		"no key in the cluster": {func(s *snapshot.Snapshot) { s.Satellite = snapshot.Known(satellite.State{}) }, "serves another key than the one in the cluster"},
		"another key": {func(s *snapshot.Snapshot) {
			s.Satellite = snapshot.Known(satellite.State{Installed: true, PublicKey: "other", Fingerprint: "print"})
		}, "serves another key than the one in the cluster"},
		"registrations unknown": {func(s *snapshot.Snapshot) { s.Registrations = snapshot.Unknown[[]coder.Satellite](broken) }, "the registered satellites are unknown: broken"},
		"not registered":        {func(s *snapshot.Snapshot) { s.Registrations = snapshot.Known([]coder.Satellite(nil)) }, "is not registered at the primary"},
		"another registered": {func(s *snapshot.Snapshot) {
			s.Registrations = snapshot.Known([]coder.Satellite{{ID: "2", Name: "sydney", Fingerprint: "other"}})
		}, "is not registered at the primary"},
	} {
		s := good()
		test.edit(s)
		if err := trusted(s); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want an error with %q", name, err, test.want)
		}
	}
}
