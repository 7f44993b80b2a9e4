package health

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func unifiedSupported(s *snapshot.Snapshot) Answer {
	const needs = "the unified URL needs a chart and a primary of 1.28 or later"
	version, versionKnown := s.Primary.Version.Get()
	chart, chartKnown := s.Chart.Get()
	switch {
	case s.Region.Satellite.UnifiedURL == "":
		return pass("the fleet has no unified URL")
	case fleet.Host(s.Region.Satellite.UnifiedURL) == fleet.Host(s.Primary.URL):
		return fail("log in at the primary's own URL with `coder login URL`, or name another unified URL",
			"the host of the unified URL %s is the primary's own", s.Region.Satellite.UnifiedURL)
	case !versionKnown:
		return unknown(s.Primary.Version.Err(), "")
	case !version.AtLeast(1, 28):
		return fail("upgrade the primary, or leave out unifiedURL (--unified-url)", "%s, and the primary is v%s", needs, version)
	case !chartKnown:
		return unknown(s.Chart.Err(), "")
	}
	switch charts, err := coder.ParseVersion(chart.Metadata.Version); {
	case err != nil:
		return fail("name a chart version with --chart-version", "%s, and that of the chart is not known: %v", needs, err)
	case !charts.AtLeast(1, 28):
		return fail(fmt.Sprintf("name a chart of the primary's version with --chart-version %s, or leave out unifiedURL (--unified-url)", version),
			"%s, and the chart is %s %s", needs, chart.Metadata.Name, chart.Metadata.Version)
	}
	return pass("the chart %s %s and the primary v%s serve it", chart.Metadata.Name, chart.Metadata.Version, version)
}

func unifiedURL(s *snapshot.Snapshot, _ satellite.State) Answer {
	url, host := s.Region.Satellite.UnifiedURL, fleet.Host(s.Region.Satellite.UnifiedURL)
	endpoint, endpointKnown := s.Endpoint.Get()
	found, known := s.Unified.Get()
	served := endpoint.UnifiedCertificate
	switch {
	case url == "":
		return unifiedNowhere(s)
	case !s.Spec.Collected() && s.InstalledAccessURL() != "" && !coder.SameURL(s.InstalledAccessURL(), url): // else it is about to change
		return fail(s.Region.Command("migrate"), "the satellite was installed for %s, and not yet for the unified URL %s", s.InstalledAccessURL(), url)
	case !endpointKnown:
		return unknown(s.Endpoint.Err(), "")
	case served != nil && !served.For(host):
		return fail(renewing(s, s.Certificates.Value().Host.Name),
			"the satellite at %s serves a certificate for %s, not for the unified URL's host %s", s.Region.Satellite.AccessURL, served, host)
	case !known:
		return unknown(s.Unified.Err(), "")
	case found.Err != nil:
		return unifiedSilent(s, found)
	case found.Identity.Key != coder.SatelliteKey{}:
		return unifiedSatellite(s, found.Identity.Key)
	}
	return unifiedPrimary(s, found.Identity.Version)
}

// unifiedNowhere judges a satellite in a fleet without a unified URL.
func unifiedNowhere(s *snapshot.Snapshot) Answer {
	installed := s.InstalledAccessURL()
	if installed == "" || coder.SameURL(installed, s.Region.Satellite.AccessURL) || !s.ServesAccessURL() {
		return pass("neither the fleet nor the satellite has a unified URL") // access-url-change judges another URL of its own
	}
	return fail("name it as unifiedURL in the Fleet, or with --unified-url",
		"the satellite was installed for the unified URL %s, and the fleet has none: `migrate` would take it from the satellite", installed)
}

func unifiedSilent(s *snapshot.Snapshot, found snapshot.Unified) Answer {
	url := s.Region.Satellite.UnifiedURL
	stage, failure := found.Reach.Stage, found.Reach.Err
	switch {
	case probe.Unseen(failure):
		return unknown(failure, "")
	case failure == nil:
		return fail("see which server its DNS record leads to", "what answers at %s is not Coder: %v", url, found.Err)
	case stage == "DNS" || stage == "TCP":
		return fail(unifiedRecord(s), "nothing answers at %s yet: %s: %v", url, stage, failure)
	}
	return fail("see which server its DNS record leads to, and whether that one has a certificate for "+fleet.Host(url),
		"something answers at %s, but not as it should: %s: %v", url, stage, failure)
}

// unifiedRecord says which DNS record leads the unified URL to this satellite.
func unifiedRecord(s *snapshot.Snapshot) string {
	host, addresses := fleet.Host(s.Region.Satellite.UnifiedURL), s.Satellite.Value().LoadBalancer
	if len(addresses) == 0 {
		return "create a DNS record for " + host + " that leads users to the nearest satellite (GeoDNS); the address of this one is known once it is installed"
	}
	return fmt.Sprintf("create the DNS record %s for users near %s (GeoDNS)", probe.Record(host, addresses), s.Region.Name)
}

func unifiedSatellite(s *snapshot.Snapshot, key coder.SatelliteKey) Answer {
	url := s.Region.Satellite.UnifiedURL
	if same, _ := coder.SameKey(key.Key, s.Satellite.Value().PublicKey); same {
		return pass("%s leads to this satellite from here", url)
	}
	registered, known := s.Registrations.Get()
	if !known {
		return unknown(s.Registrations.Err(), "")
	}
	if r, ok := registrationOf(key, registered); ok {
		return pass("%s leads to the satellite %q from here", url, r.Name)
	}
	return fail("see which satellite its DNS record leads to: `coder satellites ls` lists those of the primary",
		"%s leads to a satellite that is not registered at %s (key %s)", url, s.Primary.URL, redact.Printable(key.Fingerprint))
}

func unifiedPrimary(s *snapshot.Snapshot, found coder.Version) Answer {
	url := s.Region.Satellite.UnifiedURL
	version, known := s.Primary.Version.Get()
	switch {
	case !known:
		return unknown(s.Primary.Version.Err(), "")
	case version != found:
		return fail("see which deployment its DNS record leads to", "%s leads to a primary of v%s, and %s is v%s", url, found, s.Primary.URL, version)
	}
	return pass("%s leads to the primary from here", url)
}
