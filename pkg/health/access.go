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

// accessURLFree judges the access URL before a migration. Nothing may answer there before the first installation.
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
	record := "create the DNS record first"
	if len(state.LoadBalancer) > 0 {
		record += ", to " + strings.Join(state.LoadBalancer, ", ")
	}
	return fail(record+", or correct the access URL",
		"the access URL of the installed satellite would change from %s to %s, where nobody reaches it: %v", was, s.Region.Satellite.AccessURL, failure)
}

// servesRecordedKey reports whether the access URL serves the key in Helm's record, whose Secret is gone.
func servesRecordedKey(s *snapshot.Snapshot) bool {
	same, _ := coder.SameKey(s.Endpoint.Value().Key.Key, s.Satellite.Value().RecordedKey)
	return same && s.Satellite.Value().RecordedKey != ""
}

// hintKeyGone says how to replace a satellite whose key was lost, if possible without cutting its users off.
func hintKeyGone(s *snapshot.Snapshot) string {
	at := s.Region.Satellite
	uninstall := "`" + shell.Helm(at.Context, "uninstall", at.Release, "--namespace", at.Namespace) + "`"
	if owner := s.Satellite.Value().Control.Owner; owner.Exists() { // which alone installs and removes it
		uninstall = "`" + owner.Command("delete", at.Context) + "`"
		return hintAnew(s, uninstall, "`"+s.Region.Command("rollback")+"`, remove it with "+uninstall+", have it installed again")
	}
	return hintAnew(s, uninstall, "`"+s.Region.Command("rollback")+" --remove-satellite`")
}

// hintOrphaned says how to replace a satellite of which only the pods are left.
func hintOrphaned(s *snapshot.Snapshot) string {
	at := s.Region.Satellite
	way := "`" + shell.Kubectl(at.Context, "--namespace", at.Namespace, "delete", "deployment", "coderd") + "`"
	return hintAnew(s, way, "`"+s.Region.Command("rollback")+"`, make way with "+way)
}

// hintAnew suggests a rollback first or, without a legacy path, to cut the users off.
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
