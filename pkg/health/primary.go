package health

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func primaryChecks() []Check {
	return []Check{
		{
			Info: v1alpha1.CheckInfo{
				ID: "primary-version", Category: categoryPrimary, Severity: v1alpha1.SeverityError, Preflight: true,
				Question:    "Does the primary answer, and is it v1.21 or later?",
				Explanation: "Satellites and Networking v2 came with Coder v1.21. If the primary does not answer, check --coder-url, your network and, behind an authenticating proxy, ENDPOINT_AUTH_HEADER. If it is older, upgrade the primary first; regions go on working over envproxy.",
			},
			Evaluate: primaryVersion,
		},
		{
			Info: v1alpha1.CheckInfo{
				ID: "operator-role", Category: categoryPrimary, Severity: v1alpha1.SeverityError, Preflight: true,
				Question:    "May the token's user manage satellites and providers?",
				Explanation: "Registering satellites and switching providers takes the role site-manager or site-admin. If the token is refused it may have expired: log in again with `coder login URL`, or give another with --coder-token-file.",
			},
			Evaluate: operatorRole,
		},
	}
}

func primaryVersion(s *snapshot.Snapshot) Answer {
	version, known := s.Primary.Version.Get()
	switch {
	case !known:
		return unknown(s.Primary.Version.Err(), "check --coder-url and that the primary is reachable from here")
	case !version.AtLeast(1, 21):
		return fail("upgrade the primary to v1.21 or later first", "the primary is v%s, which knows no satellites", version)
	default:
		return pass("the primary is v%s", version)
	}
}

func operatorRole(s *snapshot.Snapshot) Answer {
	me, known := s.Primary.Me.Get()
	switch {
	case !known:
		return unknown(s.Primary.Me.Err(), "log in with `coder login URL`, or give a token with --coder-token-file")
	case !me.CanManage():
		return fail("use the token of a site manager, or have the role given to you",
			"%s has the roles [%s], none of which may manage satellites", me.Email, strings.Join(me.Roles, ", "))
	default:
		return pass("%s may manage satellites and providers", me.Email)
	}
}
