package health

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func primaryChecks() []Check {
	return in(categoryPrimary,
		check("primary-version", fails, preflight, primaryVersion,
			"Does the primary answer, and is it v1.21 or later?",
			"Satellites and Networking v2 came with Coder v1.21. If the primary does not answer, check --coder-url, your network and, behind an authenticating proxy, ENDPOINT_AUTH_HEADER. If it is older, upgrade the primary first; regions continue to work over envproxy."),
		check("primary-is-primary", fails, preflight, primaryIsPrimary,
			"Is this the primary itself, and not a satellite?",
			"A satellite passes requests on, so that its API looks like its primary's, and developers log in at its URL. A region that is migrated through it would be given that satellite as its primary. The check asks for what only a satellite serves, its key, and compares the URL with the region's access URL. Log in at the primary's own access URL, or name it with --coder-url or `coder.url` in the Fleet."),
		check("operator-role", fails, preflight, operatorRole,
			"May the token's user manage satellites and providers?",
			"Registering satellites and switching providers takes the role site-manager or site-admin. If the token is refused it may have expired: log in again with `coder login URL`, or give another with --coder-token-file."),
	)
}

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
	served, known := s.Primary.ServedKey.Get()
	hint := "log in at the primary's own URL with `coder login URL`, or name it with --coder-url"
	if primary := cmp.Or(s.InstalledPrimary(), s.JournalPrimary()); primary != "" && !coder.SameURL(primary, s.Primary.URL) {
		hint = fmt.Sprintf("log in at the primary with `coder login %s`, or name it with --coder-url", primary)
	}
	for _, accessURL := range []string{s.Region.Satellite.AccessURL, s.Region.Satellite.UnifiedURL, s.InstalledAccessURL()} {
		if accessURL != "" && coder.SameURL(accessURL, s.Primary.URL) {
			return fail(hint, "%s is the access URL of region %q: it leads to a satellite, not to the primary", s.Primary.URL, s.Region.Name)
		}
	}
	switch {
	case !known:
		return unknown(s.Primary.ServedKey.Err(), "")
	case served != coder.SatelliteKey{}:
		return fail(hint, "%s leads to %s, not to the primary: it serves a satellite's key (%s)", s.Primary.URL, registeredAs(s, served), served.Fingerprint)
	}
	return pass("%s serves no satellite's key", s.Primary.URL)
}

// registeredAs names the satellite that serves the key, if it is registered.
func registeredAs(s *snapshot.Snapshot, served coder.SatelliteKey) string {
	if r, ok := registrationOf(served, s.Registrations.Value()); ok {
		return fmt.Sprintf("the satellite %q", r.Name)
	}
	return "a satellite"
}

func registrationOf(key coder.SatelliteKey, registered []coder.Satellite) (coder.Satellite, bool) {
	own, _ := coder.Fingerprint(key.Key) // of another form, only its own word is known
	for _, r := range registered {
		if r.Fingerprint != "" && (r.Fingerprint == key.Fingerprint || r.Fingerprint == own) {
			return r, true
		}
	}
	return coder.Satellite{}, false
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
