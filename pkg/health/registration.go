package health

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func registrationChecks() []Check {
	return in(categoryRegistration,
		check("primary-same", fails, preflight, primarySame,
			"Does the region belong to this primary?",
			"The deployed satellite was given a primary in its value coderd.satellite.primaryURL, and the journal names the one that the region was migrated with. Another primary, such as a staging deployment with the same clusters, must not change the region. Use the primary that the message names. If that primary's URL was changed, tell the region: run `helm upgrade RELEASE CHART --reuse-values --set coderd.satellite.primaryURL=URL`, and correct `primary` in the ConfigMap coder-satellite-journal, both in the satellite's namespace. A region that was rolled back, and whose satellite was removed, may be migrated to any primary."),
		check("registration-name", fails, preflight, of(registrationsFact, registrationName),
			"Is the region's name free at the primary, or registered with this satellite's key?",
			"A registration of the same name with another key either is left from a former installation of the region, to be removed with `coder satellites rm NAME`, or belongs to a satellite elsewhere: then give the region another name."),
		check("satellite-registered", fails, statusOnly, of(satelliteFact, satelliteRegistered),
			"Does the primary list this satellite's key?",
			"Registration is what lets the primary trust the satellite's requests. `migrate` registers it, after comparing the key that the access URL serves with the one in the cluster."),
	)
}

// primarySame compares this primary with those that the deployed satellite and the journal name.
func primarySame(s *snapshot.Snapshot) Answer {
	installed, noted := s.InstalledPrimary(), s.JournalPrimary()
	var others []string
	if installed != "" && !coder.SameURL(installed, s.Primary.URL) {
		others = append(others, "the satellite was installed for the primary "+installed)
	}
	if noted != "" && !coder.SameURL(noted, s.Primary.URL) {
		others = append(others, "the journal names the primary "+noted)
	}
	switch {
	case len(others) > 0:
		return fail("use that primary; if only its URL changed, see `kubectl coder-satellite explain primary-same`",
			"%s, but this one is %s", strings.Join(others, " and "), s.Primary.URL)
	case !s.Region.Satellite.None() && !s.Satellite.IsKnown() && noted == "":
		return unknown(s.Satellite.Err(), "")
	case !s.ProviderJournal.IsKnown():
		return unknown(s.ProviderJournal.Err(), "")
	case !s.Region.Satellite.None() && !s.SatelliteJournal.IsKnown() && noted == "":
		return unknown(s.SatelliteJournal.Err(), "")
	case installed == "" && noted == "":
		return skip("the region belongs to no primary yet")
	}
	return pass("the region belongs to %s", s.Primary.URL)
}

func registrationName(s *snapshot.Snapshot, registrations []coder.Satellite) Answer {
	own, registered := s.Registration()
	for _, r := range registrations {
		if r.Name != s.Region.Name || registered && own.ID == r.ID {
			continue
		}
		if recorded, ok := s.RecordedRegistration(); ok && recorded.ID == r.ID {
			return pass("the name %q is registered with this satellite's key, whose Secret is restored first", r.Name)
		}
		if s.OwnFormerRegistration(r) {
			return pass("the name %q is registered by this region with a key that it no longer has, which `migrate` replaces", r.Name)
		}
		if !s.Satellite.IsKnown() { // it may be this satellite's own, and must not be removed then
			return unknown(s.Satellite.Err(), "")
		}
		if state := s.Satellite.Value(); state.Installed && state.PublicKey == "" {
			return fail(hintKeyGone(s), "the primary lists the satellite %q, but the Secret with its key is gone from namespace %q", r.Name, s.Region.Satellite.Namespace)
		}
		return fail("remove it with `coder satellites rm "+r.Name+"`, or give this region another name",
			"the primary already lists a satellite %q with another key (%s)", r.Name, r.Fingerprint)
	}
	return pass("the name %q is free or this satellite's own", s.Region.Name)
}

func satelliteRegistered(s *snapshot.Snapshot, state satellite.State) Answer {
	own, registered := s.Registration()
	switch {
	case !s.Registrations.IsKnown():
		return unknown(s.Registrations.Err(), "")
	case registered:
		return pass("registered as %q, %s", own.Name, own.Fingerprint)
	case !state.Installed:
		return skip("the satellite is not installed")
	}
	return fail(s.Region.Command("migrate"), "the primary does not list the satellite's key %s", state.Fingerprint)
}
