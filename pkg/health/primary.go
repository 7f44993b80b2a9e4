package health

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func primaryVersion(s *snapshot.Snapshot) Answer {
	version, known := s.Primary.Version.Get()
	switch {
	case !known:
		return unknown(s.Primary.Version.Err(), "check --coder-url and that the primary is reachable from here")
	case !version.AtLeast(1, 21):
		return fail("upgrade the primary to v1.21 or later first", "the primary is v%s, which knows no satellites", version)
	}
	return pass("the primary is v%s", version)
}

// primaryIsPrimary refuses a satellite's URL as the primary's, by what it serves and by the region's own access URLs.
func primaryIsPrimary(s *snapshot.Snapshot) Answer {
	hint := "log in at the primary's own URL with `coder login URL`, or name it with --coder-url"
	if primary := cmp.Or(s.InstalledPrimary(), s.JournalPrimary()); primary != "" && !coder.SameURL(primary, s.Primary.URL) {
		hint = fmt.Sprintf("log in at the primary with `coder login %s`, or name it with --coder-url", primary)
	}
	for _, accessURL := range []string{s.Region.Satellite.AccessURL, s.Region.Satellite.UnifiedURL, s.InstalledAccessURL()} {
		if accessURL != "" && coder.SameURL(accessURL, s.Primary.URL) {
			return fail(hint, "%s is the access URL of region %q: it leads to a satellite, not to the primary", s.Primary.URL, s.Region.Name)
		}
	}
	switch served, known := s.Primary.ServedKey.Get(); {
	case !known:
		return unknown(s.Primary.ServedKey.Err(), "")
	case served != coder.SatelliteKey{}:
		satellite := "a satellite"
		if r, ok := registrationOf(served, s.Registrations.Value()); ok {
			satellite = fmt.Sprintf("the satellite %q", r.Name)
		}
		return fail(hint, "%s leads to %s, not to the primary: it serves a satellite's key (%s)", s.Primary.URL, satellite, served.Fingerprint)
	}
	return pass("%s serves no satellite's key", s.Primary.URL)
}

func registrationOf(key coder.SatelliteKey, registered []coder.Satellite) (coder.Satellite, bool) {
	own, _ := coder.Fingerprint(key.Key) // a key of another form can only be compared by the fingerprint that it came with
	return snapshot.Registered(registered, key.Fingerprint, own)
}

func operatorRole(s *snapshot.Snapshot) Answer {
	me, known := s.Primary.Me.Get()
	switch {
	case !known:
		return unknown(s.Primary.Me.Err(), "log in with `coder login URL`, or give a token with --coder-token-file")
	case !me.CanManage():
		answer := fail("use the token of a site manager, or have the role given to you",
			"%s has the roles [%s], none of which may manage satellites", me.Email, strings.Join(me.Roles, ", "))
		if at, err := url.Parse(s.Primary.URL); err == nil { // every refusal has this reason
			answer.cause = &coder.Error{Host: at.Host, Status: http.StatusForbidden}
		}
		return answer
	}
	return pass("%s may manage satellites and providers", me.Email)
}

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
