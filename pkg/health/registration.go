package health

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// primarySame compares this primary with those that the deployed satellite and the journal name.
func primarySame(s *snapshot.Snapshot) Answer {
	installed, noted, served := s.InstalledPrimary(), s.JournalPrimary(), !s.Region.Satellite.None()
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
	case served && !s.Satellite.IsKnown() && noted == "":
		return unknown(s.Satellite.Err(), "")
	case !s.ProviderJournal.IsKnown():
		return unknown(s.ProviderJournal.Err(), "")
	case served && !s.SatelliteJournal.IsKnown() && noted == "":
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
		recorded, ok := s.RecordedRegistration()
		switch state := s.Satellite.Value(); {
		case ok && recorded.ID == r.ID:
			return pass("the name %q is registered with this satellite's key, whose Secret is restored first", r.Name)
		case s.OwnFormerRegistration(r):
			return pass("the name %q is registered by this region with a key that it no longer has, which `migrate` replaces", r.Name)
		case !s.Satellite.IsKnown(): // the registration may be this satellite's own, and must not be removed then
			return unknown(s.Satellite.Err(), "")
		case state.Installed && state.PublicKey == "":
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
