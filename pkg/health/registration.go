package health

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func registrationChecks() []Check {
	return []Check{
		{
			Info: v1alpha1.CheckInfo{
				ID: "registration-name", Category: categoryRegistration, Severity: v1alpha1.SeverityError, Preflight: true,
				Question:    "Is the region's name free at the primary, or registered with this satellite's key?",
				Explanation: "A registration of the same name with another key either is left from a former installation of the region, to be removed with `coder satellites rm NAME`, or belongs to a satellite elsewhere: then give the region another name.",
			},
			Evaluate: registrationName,
		},
		{
			Info: v1alpha1.CheckInfo{
				ID: "satellite-registered", Category: categoryRegistration, Severity: v1alpha1.SeverityError,
				Question:    "Does the primary list this satellite's key?",
				Explanation: "Registration is what lets the primary trust the satellite's requests. `migrate` registers it, after comparing the key that the access URL serves with the one in the cluster.",
			},
			Evaluate: satelliteRegistered,
		},
	}
}

func registrationName(s *snapshot.Snapshot) Answer {
	registrations, known := s.Registrations.Get()
	if !known {
		return unknown(s.Registrations.Err(), "")
	}
	own, registered := s.Registration()
	for _, r := range registrations {
		if r.Name != s.Region.Name || registered && own.ID == r.ID {
			continue
		}
		if s.OwnFormerRegistration(r) {
			return pass("the name %q is registered by this region with a key that it no longer has, which `migrate` replaces", r.Name)
		}
		if !s.Satellite.IsKnown() { // it may be this satellite's own, and must not be removed then
			return unknown(s.Satellite.Err(), "")
		}
		return fail("remove it with `coder satellites rm "+r.Name+"`, or give this region another name",
			"the primary already lists a satellite %q with another key (%s)", r.Name, r.Fingerprint)
	}
	return pass("the name %q is free or this satellite's own", s.Region.Name)
}

func satelliteRegistered(s *snapshot.Snapshot) Answer {
	state, known := s.Satellite.Get()
	switch {
	case !known:
		return unknown(s.Satellite.Err(), "")
	case !s.Registrations.IsKnown():
		return unknown(s.Registrations.Err(), "")
	}
	own, registered := s.Registration()
	switch {
	case registered:
		return pass("registered as %q, %s", own.Name, own.Fingerprint)
	case !state.Installed:
		return skip("the satellite is not installed")
	default:
		return fail(hintMigrate(s), "the primary does not list the satellite's key %s", state.Fingerprint)
	}
}
