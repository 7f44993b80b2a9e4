package health

import (
	"cmp"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func accessChecks() []Check {
	return in(categoryAccess,
		check("access-url-free", fails, preflightOnly, accessURLFree,
			"Is the access URL free for this satellite?",
			"Seen from this machine, before the first installation the access URL must answer nothing: something else that answers there, or a certificate for another name, would make the migration fail. Later it must not lead to another satellite. Whether this satellite answers yet does not matter here: `migrate` makes it answer, and waits for it."),
		check("access-url-change", fails, preflightOnly, of(satelliteFact, accessURLChange),
			"If an installed satellite is to get another access URL, does its name resolve?",
			"A satellite that is upgraded to another access URL no longer serves the users of the one before, and is of no use until the new one leads to it. So the DNS record of the new name has to be there first; seen from this machine, it must resolve, unless connectTo says where the access URL leads. A mistyped access URL shows here."),
		check("access-url", fails, statusOnly, accessURL,
			"Does the access URL lead to this satellite?",
			"Seen from this machine, the access URL must serve the very key that is in the cluster's Secret, over TLS that verifies. The message says how far a connection got: the name's DNS record, the port, the certificate, or the answer."),
		check("satellite-proxies", fails, statusOnly, of(satelliteFact, satelliteProxies),
			"Does the primary's API answer through the satellite?",
			"An unregistered satellite serves its key, but the primary refuses what it passes on. If it is registered, check that its pods reach the primary."),
		check("certificate-valid", fails, preflight, certificateValid,
			"Is the access URL's certificate valid for another 30 days?",
			"Looks at the certificate that the access URL serves, seen from this machine, and at the one in the Secret that coderd.tls.hostSecretName names. An expired one fails the check, because users and workspaces would be refused; fewer than 30 days are a warning. Renew the certificate in the Secret, then restart the satellite's pods with `kubectl rollout restart deployment coderd`: they read it when they start."),
		check("certificate-names", warns, preflight, of(certificatesFact, certificateNames),
			"Does the certificate in the satellite's TLS Secret name the hosts that it is reached by?",
			"The certificate in the Secret that coderd.tls.hostSecretName names must be for the access URL's host and, if the fleet has a unified URL, for that one's host too. A satellite with a certificate for other names would be installed, and never answer at its access URL, unless something in front of it, such as an Ingress, has its own certificate. Only the Secret's entry tls.crt is looked at, and nothing of it is kept but names and dates."),
		check("unified-url", warns, preflight, of(satelliteFact, unifiedURL),
			"If the fleet has a unified URL, does the satellite have a certificate for it, and does it lead to Coder?",
			"DNS leads the unified URL to whatever is nearest: one of the satellites, or the primary. Every satellite must have its name in the certificate that it serves. Seen from this machine, what it leads to must serve the key of a registered satellite, or the primary's API. Without the record users still reach each satellite by its own access URL. OIDC and Git providers redirect to the primary's access URL (Manage > Admin > Infrastructure in Coder's dashboard): set it to the unified URL there once every satellite serves it."),
		check("devurl-certificate", warns, preflight, of(certificatesFact, devURLs),
			"If the satellite serves Dev URLs, is there a certificate for them, and does the provider use them?",
			"Dev URLs are below the wildcard in coderd.devurlsHost, such as *.coder-sydney.example.com. The wildcard must be in the certificate of the Secret that coderd.tls.devurlsHostSecretName names or, without one, in the access URL's certificate; and the workspace provider must have the same wildcard as its Dev URL host, or the dashboard shows users other Dev URLs. A DNS record for the wildcard must lead to the satellite, which is not checked. Satellites before 1.21.6 answer Dev URLs with 502."),
	)
}

// accessURLFree judges the access URL before a migration. Before the first
// installation, when there is no key in the cluster, nothing may answer.
func accessURLFree(s *snapshot.Snapshot) Answer {
	endpoint, state := s.Endpoint.Value(), s.Satellite.Value()
	stage, failure := endpoint.Reach.Stage, endpoint.Reach.Err
	missing := cmp.Or(s.Endpoint.Err(), s.Satellite.Err())
	switch {
	case missing != nil:
		return unknown(missing, "")
	case endpoint.KeyErr == nil && servesRecordedKey(s):
		return pass("%s serves the satellite's key, and the Secret with it is gone from namespace %q: it is restored from Helm's record",
			s.Region.Satellite.AccessURL, s.Region.Satellite.Namespace)
	case endpoint.KeyErr == nil && state.PublicKey == "" && state.Installed:
		return fail(hintKeyGone(s), "%s serves the key %s, but the Secret with it is gone from namespace %q: the pods lose it when they restart",
			s.Region.Satellite.AccessURL, endpoint.Key.Fingerprint, s.Region.Satellite.Namespace)
	case endpoint.KeyErr == nil && state.PublicKey == "" && state.Workload:
		return fail(hintOrphaned(s), "%s serves the key %s, but neither its Secret nor a record of a deployed release is in namespace %q: the pods lose it when they restart",
			s.Region.Satellite.AccessURL, endpoint.Key.Fingerprint, s.Region.Satellite.Namespace)
	case endpoint.KeyErr == nil && state.PublicKey == "":
		return fail("choose another access URL, or remove what answers there",
			"%s is already served by another satellite (key %s)", s.Region.Satellite.AccessURL, endpoint.Key.Fingerprint)
	case endpoint.KeyErr == nil:
		return ownKey(s)
	case state.PublicKey != "":
		return pass("the satellite is installed, and does not answer at %s: %v", s.Region.Satellite.AccessURL, endpoint.KeyErr)
	case probe.Unseen(failure):
		return unknown(failure, "")
	case stage == "DNS" || stage == "TCP":
		return pass("nothing answers at %s yet", s.Region.Satellite.AccessURL)
	case failure != nil:
		return fail("fix what answers there, or choose another access URL", "something answers at %s, but not as it should: %s: %v", s.Region.Satellite.AccessURL, stage, failure)
	}
	return fail("choose another access URL, or remove what answers there", "%s is answered by something that is no satellite: %v", s.Region.Satellite.AccessURL, endpoint.KeyErr)
}

func accessURLChange(s *snapshot.Snapshot, state satellite.State) Answer {
	endpoint, known := s.Endpoint.Get()
	was := s.InstalledOwnURL()
	stage, failure := endpoint.Reach.Stage, endpoint.Reach.Err
	switch {
	case was == "":
		return skip("no satellite is installed whose access URL could change")
	case s.ServesAccessURL():
		return pass("the installed satellite's own URL is %s already", s.Region.Satellite.AccessURL)
	case !known:
		return unknown(s.Endpoint.Err(), "")
	case s.Region.Satellite.ConnectTo != "" || endpoint.KeyErr == nil || stage != "DNS":
		return pass("the access URL changes from %s to %s, and it is known where that leads", was, s.Region.Satellite.AccessURL)
	case probe.Unseen(failure):
		return unknown(failure, "")
	}
	return fail("create the DNS record first"+leadingTo(state.LoadBalancer)+", or correct the access URL",
		"the access URL of the installed satellite would change from %s to %s, where nobody reaches it: %v", was, s.Region.Satellite.AccessURL, failure)
}

func leadingTo(loadBalancer []string) string {
	if len(loadBalancer) == 0 {
		return ""
	}
	return ", to " + strings.Join(loadBalancer, ", ")
}

// servesRecordedKey reports whether the access URL serves the key that Helm's record
// holds, and the Secret with it is gone.
func servesRecordedKey(s *snapshot.Snapshot) bool {
	same, _ := coder.SameKey(s.Endpoint.Value().Key.Key, s.Satellite.Value().RecordedKey)
	return same && s.Satellite.Value().RecordedKey != ""
}

// hintKeyGone says how to replace a satellite whose key was lost, if possible without
// cutting off the users that it still serves.
func hintKeyGone(s *snapshot.Snapshot) string {
	at := s.Region.Satellite
	uninstall := "`" + shell.Helm(at.Context, "uninstall", at.Release, "--namespace", at.Namespace) + "`"
	return hintAnew(s, uninstall, "`"+s.Region.Command("rollback")+" --remove-satellite`")
}

// hintOrphaned says how to make way for a new satellite where only the pods of one are left.
func hintOrphaned(s *snapshot.Snapshot) string {
	at := s.Region.Satellite
	way := "`" + shell.Kubectl(at.Context, "--namespace", at.Namespace, "delete", "deployment", "coderd") + "`"
	return hintAnew(s, way, "`"+s.Region.Command("rollback")+"`, make way with "+way)
}

// hintAnew says how to install a satellite again whose key was lost: after a rollback or,
// where there is no way back, by cutting its users off.
func hintAnew(s *snapshot.Snapshot, cut, back string) string {
	if s.Networking() == v1alpha1.NetworkingV2AlwaysOn {
		return "restore the Secret from a backup; or let " + cut + " cut the satellite's users off, and migrate again"
	}
	return "restore the Secret from a backup; or " + back + ", and migrate again"
}

func accessURL(s *snapshot.Snapshot) Answer {
	endpoint, state := s.Endpoint.Value(), s.Satellite.Value()
	stage, failure := endpoint.Reach.Stage, endpoint.Reach.Err
	missing := cmp.Or(s.Endpoint.Err(), s.Satellite.Err())
	switch {
	case s.Region.Satellite.AccessURL == "":
		return skip("no access URL was named; give --access-url or a Fleet file")
	case missing != nil:
		return unknown(missing, "")
	case state.PublicKey == "" && !state.Installed:
		return skip("the satellite is not installed")
	case state.PublicKey == "":
		hint := s.Region.Command("migrate")
		if endpoint.KeyErr == nil && !servesRecordedKey(s) { // migrate refuses it, because the pods continue to serve the lost key
			hint = hintKeyGone(s)
		}
		return fail(hint, "the cluster has no key of the satellite, to compare with what %s serves", s.Region.Satellite.AccessURL)
	case endpoint.KeyErr == nil:
		return ownKey(s)
	case failure != nil:
		return fail("check its DNS record, the load balancer and the certificate", "%s does not answer: %s: %v", s.Region.Satellite.AccessURL, stage, failure)
	}
	return fail("see which deployment the address leads to", "%s does not serve a satellite's key: %v", s.Region.Satellite.AccessURL, endpoint.KeyErr)
}

func ownKey(s *snapshot.Snapshot) Answer {
	same, err := s.ServesOwnKey()
	switch {
	case err != nil:
		return unknown(err, "")
	case !same:
		return fail("see which deployment the address leads to", "%s serves another key (%s) than the one in the cluster (%s)",
			s.Region.Satellite.AccessURL, s.Endpoint.Value().Key.Fingerprint, s.Satellite.Value().Fingerprint)
	}
	return pass("%s serves the satellite's own key", s.Region.Satellite.AccessURL)
}

func satelliteProxies(s *snapshot.Snapshot, state satellite.State) Answer {
	endpoint, endpointKnown := s.Endpoint.Get()
	version, versionKnown := endpoint.Version.Get()
	primary, primaryKnown := s.Primary.Version.Get()
	own, _ := s.ServesOwnKey()
	switch {
	case !state.Installed:
		return skip("the satellite is not installed")
	case !endpointKnown:
		return unknown(s.Endpoint.Err(), "")
	case endpoint.KeyErr != nil || !own: // which access-url reports
		return skip("the access URL does not lead to the satellite")
	case !versionKnown:
		return fail("see whether it is registered, and whether its pods reach the primary", "the primary's API does not answer through the satellite: %v", endpoint.Version.Err())
	case !primaryKnown:
		return unknown(s.Primary.Version.Err(), "")
	case version != primary:
		return fail("see which primary the satellite was given", "v%s answers through the satellite, but the primary is v%s", version, primary)
	}
	return pass("the primary's v%s answers through the satellite", version)
}
