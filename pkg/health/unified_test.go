package health_test

import (
	"testing"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const (
	unifiedHost = "coder-global.example.com"
	unifiedURL  = "https://" + unifiedHost
)

// unifiedValues are the values of a satellite that also serves the unified URL.
func unifiedValues() map[string]any {
	values := satelliteValues(primaryURL, unifiedURL)
	values["coderd"].(map[string]any)["alternateHostnames"] = []any{"coder-sydney.example.com", unifiedHost}
	return values
}

// shares makes it the healthy region of a fleet with a unified URL. From this machine that URL
// leads to another region's satellite.
func shares(s *snapshot.Snapshot) {
	s.Region.Satellite.UnifiedURL = unifiedURL
	s.Primary.Version = snapshot.Known(version("1.28.2"))
	s.Chart = charted("1.28.2")
	served := certified(s.Taken.AddDate(0, 3, 0), "coder-sydney.example.com", unifiedHost)
	showing(served)(s)
	inSecret(held("coder-satellite-tls", served))(s)
	edit(&s.Satellite, func(state *satellite.State) {
		state.Values, state.LoadBalancer = unifiedValues(), []string{"203.0.113.7"}
	})
	s.Unified = snapshot.Known(snapshot.Unified{Identity: coder.Identity{Key: coder.SatelliteKey{Key: "k", Fingerprint: "SHA256:london"}}})
}

func charted(version string) snapshot.Fact[*satellite.Chart] {
	return snapshot.Known(&satellite.Chart{Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "coder", Version: version}}})
}

// finding is a fleet whose unified URL leads to what was found.
func finding(found snapshot.Unified) func(*snapshot.Snapshot) {
	return both(shares, func(s *snapshot.Snapshot) { s.Unified = snapshot.Known(found) })
}

// nobody is a connection that failed at this stage.
func nobody(stage, why string, unseen bool) snapshot.Unified {
	return snapshot.Unified{Err: errLost, Reach: probe.Result{Stage: stage, Err: &probe.Error{Message: "it is " + why, Unseen: unseen}}}
}

func TestUnifiedSupported(t *testing.T) {
	const needs = "the unified URL needs a chart and a primary of 1.28 or later"
	with := func(primary, chart string) func(*snapshot.Snapshot) {
		return both(shares, func(s *snapshot.Snapshot) {
			s.Primary.Version, s.Chart = snapshot.Known(version(primary)), charted(chart)
		})
	}
	answers(t, map[string]row{
		"none":       {"unified-url-supported", as, v1alpha1.CheckPass, "no unified URL", ""},
		"both":       {"unified-url-supported", shares, v1alpha1.CheckPass, "the chart coder 1.28.2 and the primary v1.28.2", ""},
		"later ones": {"unified-url-supported", with("1.44.3", "1.28.0-rc.1"), v1alpha1.CheckPass, "", ""},
		"an old primary": {"unified-url-supported", with("1.27.3", "1.28.2"), v1alpha1.CheckFail,
			needs + ", and the primary is v1.27.3", "upgrade the primary, or leave out unifiedURL"},
		"an old chart": {"unified-url-supported", with("1.28.2", "1.27.3"), v1alpha1.CheckFail,
			needs + ", and the chart is coder 1.27.3", "--chart-version 1.28.2"},
		"a chart without version": {"unified-url-supported", with("1.28.2", "main"), v1alpha1.CheckFail,
			"that of the chart is not known", "--chart-version"},
		"the primary's own": {"unified-url-supported", both(shares, against("https://Coder-Global.example.com:8443")), v1alpha1.CheckFail,
			"is the primary's own", "coder login"},
		"no version": {"unified-url-supported", both(shares, func(s *snapshot.Snapshot) { lose(&s.Primary.Version) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"no chart": {"unified-url-supported", both(shares, func(s *snapshot.Snapshot) { lose(&s.Chart) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
	})
}

func TestUnifiedURL(t *testing.T) {
	serves := func(key, fingerprint string) snapshot.Unified {
		return snapshot.Unified{Identity: coder.Identity{Key: coder.SatelliteKey{Key: key, Fingerprint: fingerprint}}}
	}
	primary := func(v string) snapshot.Unified {
		return snapshot.Unified{Identity: coder.Identity{Version: version(v)}}
	}
	regional := certified(healthy().Taken.AddDate(0, 3, 0), "coder-sydney.example.com")
	noAddress := func(s *snapshot.Snapshot) { s.Satellite = snapshot.Known(satellite.State{}) }
	regionally := func(s *snapshot.Snapshot) {
		edit(&s.Satellite, func(state *satellite.State) { state.Values = satelliteValues(primaryURL, accessURL) })
	}
	status := func(s *snapshot.Snapshot) { s.Spec = snapshot.Fact[satellite.Spec]{} }
	alone := func(s *snapshot.Snapshot) { s.Region.Satellite.UnifiedURL = "" }
	answers(t, map[string]row{
		"installed without": {"unified-url", both(both(shares, regionally), status), v1alpha1.CheckWarn,
			"was installed for " + accessURL + ", and not yet for the unified URL " + unifiedURL, "kubectl coder-satellite migrate"},
		"installed with":       {"unified-url", both(shares, status), v1alpha1.CheckPass, "leads to", ""},
		"not installed at all": {"unified-url", both(shares, absent, status), v1alpha1.CheckPass, "leads to", ""},
		"about to change":      {"unified-url", both(shares, regionally), v1alpha1.CheckPass, "leads to", ""},
		"not in the fleet": {"unified-url", both(shares, alone), v1alpha1.CheckWarn,
			"was installed for the unified URL " + unifiedURL + ", and the fleet has none", "--unified-url"},
		"installed for another, of its own": {"unified-url", valued(primaryURL, "https://coder-old.example.com"), v1alpha1.CheckPass,
			"neither the fleet nor the satellite", ""},
		"no satellite":      {"unified-url", absent, v1alpha1.CheckPass, "neither the fleet nor the satellite", ""},
		"none":              {"unified-url", as, v1alpha1.CheckPass, "neither the fleet nor the satellite has a unified URL", ""},
		"another satellite": {"unified-url", shares, v1alpha1.CheckPass, unifiedURL + ` leads to the satellite "london" from here`, ""},
		"this satellite":    {"unified-url", finding(serves(ownKey, "another form")), v1alpha1.CheckPass, "leads to this satellite", ""},
		"the primary":       {"unified-url", finding(primary("1.28.2")), v1alpha1.CheckPass, "leads to the primary", ""},
		"another primary": {"unified-url", finding(primary("1.30.0")), v1alpha1.CheckWarn,
			"leads to a primary of v1.30.0, and https://coder.example.com is v1.28.2", "which deployment"},
		"an unknown satellite": {"unified-url", finding(serves("k", "SHA256:x\x1b[2J")), v1alpha1.CheckWarn,
			"not registered at https://coder.example.com (key SHA256:x [2J)", "coder satellites ls"},
		"no record": {"unified-url", finding(nobody("DNS", "no such name", false)), v1alpha1.CheckWarn,
			"nothing answers at " + unifiedURL + " yet: DNS", "create the DNS record " + unifiedHost + " A 203.0.113.7 for users near sydney"},
		"no record, no address": {"unified-url", both(finding(nobody("DNS", "no such name", false)), noAddress), v1alpha1.CheckWarn,
			"nothing answers", "create a DNS record for " + unifiedHost + " that leads users to the nearest satellite"},
		"nothing there": {"unified-url", finding(nobody("TCP", "refused", false)), v1alpha1.CheckWarn,
			"yet: TCP: it is refused", "create the DNS record"},
		"its certificate": {"unified-url", finding(nobody("TLS", "wrong name", false)), v1alpha1.CheckWarn,
			"something answers at " + unifiedURL, "a certificate for " + unifiedHost},
		"not Coder": {"unified-url", finding(snapshot.Unified{Err: errLost}), v1alpha1.CheckWarn,
			"is not Coder: " + errLost.Error(), "see which server"},
		"no answer of DNS": {"unified-url", finding(nobody("DNS", "timed out", true)), v1alpha1.CheckUnknown, "it is timed out", ""},
		"not in the certificate": {"unified-url", both(shares, showing(regional)), v1alpha1.CheckWarn,
			accessURL + " serves a certificate for coder-sydney.example.com, not for the unified URL's host " +
				unifiedHost, "create secret tls coder-satellite-tls"},
		"not in an Ingress's": {"unified-url", both(both(shares, showing(regional)), inSecret(snapshot.TLSSecret{})), v1alpha1.CheckWarn,
			"not for the unified URL's host", "what terminates TLS at " + accessURL},
		"nothing served here yet": {"unified-url", both(shares, showing(nil)), v1alpha1.CheckPass, "leads to", ""},
	})
}

// Neither check passes without its facts, and neither blocks an operation that does not need the
// unified URL.
func TestUnifiedUnknown(t *testing.T) {
	primary := both(shares, func(s *snapshot.Snapshot) {
		s.Unified = snapshot.Known(snapshot.Unified{Identity: coder.Identity{Version: version("1.28.2")}})
	})
	answers(t, map[string]row{
		"nobody asked": {"unified-url", both(shares, func(s *snapshot.Snapshot) { s.Unified = snapshot.Fact[snapshot.Unified]{} }),
			v1alpha1.CheckUnknown,
			"not collected", ""},
		"lost": {"unified-url", both(shares, func(s *snapshot.Snapshot) { lose(&s.Unified) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"no satellite": {"unified-url", both(shares, func(s *snapshot.Snapshot) { lose(&s.Satellite) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"no endpoint": {"unified-url", both(shares, func(s *snapshot.Snapshot) { lose(&s.Endpoint) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"no registrations": {"unified-url", both(shares, func(s *snapshot.Snapshot) { lose(&s.Registrations) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
		"no version": {"unified-url", both(primary, func(s *snapshot.Snapshot) { lose(&s.Primary.Version) }), v1alpha1.CheckUnknown,
			errLost.Error(), ""},
	})
}

// A live region can change from its own URL to the unified one and back. Neither counts as a
// change of its own access URL.
func TestAccessURLChangeUnified(t *testing.T) {
	alone := func(s *snapshot.Snapshot) { s.Region.Satellite.UnifiedURL = "" }
	regional := func(s *snapshot.Snapshot) {
		edit(&s.Satellite, func(state *satellite.State) { state.Values = satelliteValues(primaryURL, accessURL) })
	}
	moved := func(s *snapshot.Snapshot) {
		s.Region.Satellite.AccessURL = "https://coder-new.example.com"
		edit(&s.Endpoint, func(e *snapshot.Endpoint) {
			e.KeyErr = errLost
			e.Reach = probe.Result{Stage: "DNS", Err: &probe.Error{Message: "there is no such name"}}
		})
	}
	answers(t, map[string]row{
		"the same":           {"access-url-change", shares, v1alpha1.CheckPass, "own URL is " + accessURL + " already", ""},
		"to the unified one": {"access-url-change", both(shares, regional), v1alpha1.CheckPass, "own URL is " + accessURL + " already", ""},
		"and back":           {"access-url-change", both(shares, alone), v1alpha1.CheckPass, "own URL is " + accessURL + " already", ""},
		"its own changes": {"access-url-change", both(shares, moved), v1alpha1.CheckFail,
			"would change from " + accessURL + " to https://coder-new.example.com", "create the DNS record first, to 203.0.113.7"},
		"the primary is one": {"primary-is-primary", both(shares, against(unifiedURL)), v1alpha1.CheckFail,
			unifiedURL + " is the access URL of region", "coder login " + primaryURL},
		"the primary is there": {"primary-same", shares, v1alpha1.CheckPass, primaryURL, ""},
	})
}
