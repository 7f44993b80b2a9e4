package snapshot_test

import (
	"errors"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func version(t *testing.T, text string) coder.Version {
	t.Helper()
	v, err := coder.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var errLost = errors.New("lost")

// An absent field never means "off", and means "on" only from v1.22 on.
func TestNetworking(t *testing.T) {
	for name, test := range map[string]struct {
		version string
		flag    *bool
		want    v1alpha1.NetworkingV2
	}{
		"on":                 {"1.21.7", ptr.To(true), v1alpha1.NetworkingV2On},
		"off":                {"1.21.7", ptr.To(false), v1alpha1.NetworkingV2Off},
		"absent":             {"1.21.7", nil, v1alpha1.NetworkingV2Unknown},
		"absent before":      {"1.20.6", nil, v1alpha1.NetworkingV2Unknown},
		"gone":               {"1.22.0", nil, v1alpha1.NetworkingV2AlwaysOn},
		"gone long ago":      {"1.44.3", nil, v1alpha1.NetworkingV2AlwaysOn},
		"left over":          {"1.22.0", ptr.To(false), v1alpha1.NetworkingV2AlwaysOn},
		"of unknown version": {"", ptr.To(true), v1alpha1.NetworkingV2Unknown},
		"absent and unknown": {"", nil, v1alpha1.NetworkingV2Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := &snapshot.Snapshot{Provider: snapshot.Known(coder.Provider{EnableNetV2: test.flag})}
			if test.version != "" {
				s.Primary.Version = snapshot.Known(version(t, test.version))
			}
			if got := s.Networking(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
	unknown := &snapshot.Snapshot{Provider: snapshot.Unknown[coder.Provider](errLost)}
	unknown.Primary.Version = snapshot.Known(version(t, "1.21.7"))
	if got := unknown.Networking(); got != v1alpha1.NetworkingV2Unknown {
		t.Errorf("without a provider: %s", got)
	}
}

func TestRegistration(t *testing.T) {
	installed := snapshot.Known(satellite.State{PublicKey: "own", Fingerprint: "SHA256:own"})
	serving := func(key, fingerprint string) snapshot.Fact[snapshot.Endpoint] {
		return snapshot.Known(snapshot.Endpoint{Key: coder.SatelliteKey{Key: key, Fingerprint: fingerprint}})
	}
	list := func(fingerprints ...string) snapshot.Fact[[]coder.Satellite] {
		all := make([]coder.Satellite, len(fingerprints))
		for i, f := range fingerprints {
			all[i] = coder.Satellite{ID: f, Fingerprint: f}
		}
		return snapshot.Known(all)
	}
	lost := snapshot.Unknown[[]coder.Satellite](errLost)
	for name, test := range map[string]struct {
		satellite     snapshot.Fact[satellite.State]
		endpoint      snapshot.Fact[snapshot.Endpoint]
		registrations snapshot.Fact[[]coder.Satellite]
		want          string // the ID; "" for none
	}{
		"by the cluster's key":        {installed, snapshot.Fact[snapshot.Endpoint]{}, list("SHA256:other", "SHA256:own"), "SHA256:own"},
		"in a form of the primary's":  {installed, serving("own", "aa:bb"), list("cc:dd", "aa:bb"), "aa:bb"},
		"another's key is served":     {installed, serving("other", "aa:bb"), list("aa:bb"), ""},
		"none":                        {installed, serving("own", "SHA256:own"), list(), ""},
		"empty fingerprints":          {installed, serving("own", ""), list("", ""), ""},
		"list unknown":                {installed, serving("own", "SHA256:own"), lost, ""},
		"satellite unknown":           {snapshot.Unknown[satellite.State](errLost), serving("own", "SHA256:own"), list("SHA256:own"), ""},
		"no key in the cluster":       {snapshot.Known(satellite.State{}), serving("own", "SHA256:own"), list("SHA256:own"), ""},
		"no key here, empty ones too": {snapshot.Known(satellite.State{}), serving("", ""), list(""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &snapshot.Snapshot{Satellite: test.satellite, Endpoint: test.endpoint, Registrations: test.registrations}
			got, ok := s.Registration()
			if got.ID != test.want || ok != (test.want != "") {
				t.Errorf("%q, %v", got.ID, ok)
			}
		})
	}
}

func TestServesOwnKey(t *testing.T) {
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		satellite snapshot.Fact[satellite.State]
		endpoint  snapshot.Fact[snapshot.Endpoint]
		want      bool
		err       error
	}{
		"own":               {snapshot.Known(satellite.State{PublicKey: "k"}), snapshot.Known(snapshot.Endpoint{Key: coder.SatelliteKey{Key: " k\n"}}), true, nil},
		"another":           {snapshot.Known(satellite.State{PublicKey: "k"}), snapshot.Known(snapshot.Endpoint{Key: coder.SatelliteKey{Key: "l"}}), false, nil},
		"none here":         {snapshot.Known(satellite.State{}), snapshot.Known(snapshot.Endpoint{Key: coder.SatelliteKey{Key: "k"}}), false, nil},
		"none anywhere":     {snapshot.Known(satellite.State{}), snapshot.Known(snapshot.Endpoint{}), false, nil},
		"none served":       {snapshot.Known(satellite.State{PublicKey: "k"}), snapshot.Known(snapshot.Endpoint{KeyErr: refused}), false, refused},
		"satellite unknown": {snapshot.Unknown[satellite.State](errLost), snapshot.Known(snapshot.Endpoint{Key: coder.SatelliteKey{Key: "k"}}), false, errLost},
		"endpoint unknown":  {snapshot.Known(satellite.State{PublicKey: "k"}), snapshot.Unknown[snapshot.Endpoint](errLost), false, errLost},
	} {
		t.Run(name, func(t *testing.T) {
			s := &snapshot.Snapshot{Satellite: test.satellite, Endpoint: test.endpoint}
			if got, err := s.ServesOwnKey(); got != test.want || !errors.Is(err, test.err) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
