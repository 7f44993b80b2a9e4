package health

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func accessChecks() []Check {
	return []Check{
		{
			Info: v1alpha1.CheckInfo{
				ID: "access-url", Category: categoryAccess, Severity: v1alpha1.SeverityError, Preflight: true,
				Question:    "Does the access URL lead to this satellite?",
				Explanation: "Seen from this machine, the access URL must serve the very key that is in the cluster's Secret, over TLS that verifies. Before the first installation it must answer nothing: something else that answers there, or a certificate for another name, would keep the migration from ending well.",
			},
			Evaluate: accessURL,
		},
		{
			Info: v1alpha1.CheckInfo{
				ID: "satellite-proxies", Category: categoryAccess, Severity: v1alpha1.SeverityError,
				Question:    "Does the primary's API answer through the satellite?",
				Explanation: "An unregistered satellite serves its key, but the primary refuses what it passes on. If it is registered, check that its pods reach the primary.",
			},
			Evaluate: satelliteProxies,
		},
	}
}

func accessURL(s *snapshot.Snapshot) Answer {
	endpoint, known := s.Endpoint.Get()
	state, stateKnown := s.Satellite.Get()
	switch {
	case !known:
		return unknown(s.Endpoint.Err(), "")
	case !stateKnown:
		return unknown(s.Satellite.Err(), "")
	case endpoint.KeyErr != nil:
		return noKey(s, endpoint, state.Installed && state.PublicKey != "")
	case state.PublicKey == "":
		return fail("choose another access URL, or remove what answers there",
			"%s is already served by another satellite (key %s)", s.Region.AccessURL, endpoint.Key.Fingerprint)
	}
	if same, err := s.ServesOwnKey(); err != nil {
		return unknown(err, "")
	} else if !same {
		return fail("see which deployment the address leads to", "%s serves another key (%s) than the one in the cluster (%s)",
			s.Region.AccessURL, endpoint.Key.Fingerprint, state.Fingerprint)
	}
	return pass("%s serves the satellite's own key", s.Region.AccessURL)
}

// noKey judges an access URL that serves no key by how far a connection got:
// before the first installation, nothing may answer.
func noKey(s *snapshot.Snapshot, endpoint snapshot.Endpoint, installed bool) Answer {
	reach := endpoint.Reach
	stage, failure := reach.Failed()
	if !installed {
		switch {
		case !reach.TCP.OK:
			return skip("nothing answers at %s yet", s.Region.AccessURL)
		case failure != nil:
			return fail("mend what answers there, or choose another access URL", "something answers at %s, but not as it should: %s: %v", s.Region.AccessURL, stage, failure)
		default:
			return fail("choose another access URL, or remove what answers there", "%s is answered by something that is no satellite: %v", s.Region.AccessURL, endpoint.KeyErr)
		}
	}
	if failure != nil {
		return fail("", "%s does not answer: %s: %v", s.Region.AccessURL, stage, failure)
	}
	return fail("", "%s does not serve a satellite's key: %v", s.Region.AccessURL, endpoint.KeyErr)
}

func satelliteProxies(s *snapshot.Snapshot) Answer {
	state, known := s.Satellite.Get()
	endpoint, endpointKnown := s.Endpoint.Get()
	version, versionKnown := endpoint.Version.Get()
	primary, primaryKnown := s.Primary.Version.Get()
	switch {
	case known && !state.Installed:
		return skip("the satellite is not installed")
	case !endpointKnown:
		return unknown(s.Endpoint.Err(), "")
	case !versionKnown:
		return fail("", "the primary's API does not answer through the satellite: %v", endpoint.Version.Err())
	case !primaryKnown:
		return unknown(s.Primary.Version.Err(), "")
	case version != primary:
		return fail("see which primary the satellite was given", "v%s answers through the satellite, but the primary is v%s", version, primary)
	default:
		return pass("the primary's v%s answers through the satellite", version)
	}
}
