package health_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func installed(change func(*satellite.State)) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { edit(&s.Satellite, change) }
}

// absent is a satellite that was never installed.
func absent(s *snapshot.Snapshot) { s.Satellite = snapshot.Known(satellite.State{}) }

func noState(s *snapshot.Snapshot) { lose(&s.Satellite) }

const again = "kubectl coder-satellite migrate --context sydney"

func TestSatelliteChecks(t *testing.T) {
	ours := &satellite.Pending{Context: "sydney", Namespace: "coder-satellite", Release: "coder-satellite", Revision: 2, Status: "pending-upgrade", BackTo: 1, Writer: "kubectl-coder_satellite", Ours: true}
	pending := func(writer string, age time.Duration) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			edit(&s.Satellite, func(state *satellite.State) {
				theirs := *ours
				theirs.Writer, theirs.Ours, theirs.At = writer, writer == ours.Writer, s.Taken.Add(-age)
				state.Pending, state.LastRevision, state.LastStatus = &theirs, 2, theirs.Status
			})
		}
	}
	journaled := func(record *journal.Record) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.SatelliteJournal = snapshot.Known(record) }
	}
	noRun := journaled(nil)
	argo := func(control gitops.Control) func(*satellite.State) {
		control.Owner = gitops.Owner{Tool: gitops.ArgoCD, Name: "coder"}
		return func(s *satellite.State) { s.Control = control }
	}
	toCome := func(s *snapshot.Snapshot) {
		s.Satellite = snapshot.Known(satellite.State{Control: gitops.Control{Owner: flux(), Declared: true}})
	}
	const wait = "if nobody runs one, end it with `helm --kube-context sydney --namespace coder-satellite rollback coder-satellite 1`"
	answers(t, map[string]row{
		"owner: nobody":        {"satellite-owner", as, v1alpha1.CheckPass, "no GitOps controller", ""},
		"owner: Flux, ready":   {"satellite-owner", installed(func(s *satellite.State) { s.Control = gitops.Control{Owner: flux(), Ready: true} }), v1alpha1.CheckPass, "Flux's HelmRelease coder/envproxy owns it, and is ready", ""},
		"owner: Flux, not":     {"satellite-owner", installed(func(s *satellite.State) { s.Control = gitops.Control{Owner: flux(), Message: "no chart"} }), v1alpha1.CheckWarn, "is not ready: no chart", "describe helmrelease envproxy"},
		"owner: Flux, silent":  {"satellite-owner", installed(func(s *satellite.State) { s.Control = gitops.Control{Owner: flux()} }), v1alpha1.CheckWarn, "no condition Ready", ""},
		"owner: Flux, unknown": {"satellite-owner", installed(func(s *satellite.State) { s.Control = gitops.Control{Owner: flux(), Err: errLost} }), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"owner: Argo CD":       {"satellite-owner", installed(argo(gitops.Control{Ready: true})), v1alpha1.CheckPass, "Argo CD's Application coder owns it, and is ready", ""},
		"owner: Argo CD, not":  {"satellite-owner", installed(argo(gitops.Control{Message: "OutOfSync"})), v1alpha1.CheckWarn, "is not synced and healthy: OutOfSync", "argocd app get coder"},
		"owner: Argo CD, far":  {"satellite-owner", installed(argo(gitops.Control{Err: fmt.Errorf("no: %w", apierrors.NewNotFound(schema.GroupResource{}, "coder"))})), v1alpha1.CheckPass, "Argo CD's Application coder owns it; that is in another cluster", ""},
		"owner: Argo CD, lost": {"satellite-owner", installed(argo(gitops.Control{Err: errLost})), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"owner: Flux, suspended": {"satellite-owner", installed(func(s *satellite.State) {
			s.Control = gitops.Control{Owner: flux(), Ready: true, Suspended: true}
		}), v1alpha1.CheckWarn, "is suspended", "flux --context sydney --namespace coder resume helmrelease envproxy"},
		"owner: to adopt":       {"satellite-owner", installed(func(s *satellite.State) { s.Control = gitops.Control{Owner: flux(), Declared: true} }), v1alpha1.CheckWarn, "Flux's HelmRelease coder/envproxy is to own it, but does not", "commit to Git what `kubectl coder-satellite export flux --context sydney` writes"},
		"owner: to install":     {"satellite-owner", toCome, v1alpha1.CheckPass, "is to install it", ""},
		"absent, to install":    {"satellite-installed", toCome, v1alpha1.CheckFail, "is not installed", "export flux"},
		"rendered":              {"satellite-installed", installed(func(s *satellite.State) { s.Rendered = &appsv1.Deployment{} }), v1alpha1.CheckPass, "chart coder 1.21.7, rendered by Argo CD", ""},
		"pending, Flux's":       {"satellite-idle", both(pending("helm-controller", time.Hour), installed(func(s *satellite.State) { s.Control.Owner = flux() })), v1alpha1.CheckPass, "pending-upgrade, which Flux's HelmRelease coder/envproxy ends", ""},
		"failed since, Flux's":  {"satellite-installed", installed(func(s *satellite.State) { s.LastRevision, s.LastStatus, s.Control.Owner = 2, "failed", flux() }), v1alpha1.CheckFail, "is failed", "change Flux's HelmRelease coder/envproxy in Git"},
		"older, Argo CD's":      {"satellite-version", installed(func(s *satellite.State) { argo(gitops.Control{})(s); s.AppVersion = "1.21.3" }), v1alpha1.CheckWarn, "1.21.3", "argocd app sync coder"},
		"rendered, untold":      {"satellite-version", installed(func(s *satellite.State) { s.Rendered, s.AppVersion = &appsv1.Deployment{}, "" }), v1alpha1.CheckSkipped, "names no version", ""},
		"idle":                  {"satellite-idle", as, v1alpha1.CheckPass, "no Helm operation", ""},
		"idle, absent":          {"satellite-idle", absent, v1alpha1.CheckPass, "no Helm operation", ""},
		"idle?":                 {"satellite-idle", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"of an earlier run":     {"satellite-idle", pending(ours.Writer, 0), v1alpha1.CheckPass, "pending-upgrade, which `migrate` clears", ""},
		"of ours, no journal":   {"satellite-idle", both(pending(ours.Writer, 0), noRun), v1alpha1.CheckFail, "no run of this plugin that the journal knows began it", wait},
		"of ours, none begun":   {"satellite-idle", both(pending(ours.Writer, 0), journaled(&journal.Record{})), v1alpha1.CheckFail, "no run of this plugin that the journal knows began it", wait},
		"of ours, long ago":     {"satellite-idle", both(pending(ours.Writer, 0), journaled(&journal.Record{History: []v1alpha1.Run{{}}})), v1alpha1.CheckPass, "which `migrate` clears", ""},
		"of ours, what journal": {"satellite-idle", both(pending(ours.Writer, 0), func(s *snapshot.Snapshot) { lose(&s.SatelliteJournal) }), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"of others":             {"satellite-idle", pending("Helm", time.Hour), v1alpha1.CheckFail, "pending-upgrade at revision 2, written by Helm at 2022-03-04T04:06:07Z", wait},
		"of nobody, new":        {"satellite-idle", pending("", time.Minute), v1alpha1.CheckFail, "it has until 2022-03-04T05:07:07Z to end", wait},
		"of nobody, old":        {"satellite-idle", pending("", time.Hour), v1alpha1.CheckPass, "clears", ""},
		"pending by others":     {"satellite-installed", pending("Helm", 0), v1alpha1.CheckFail, "it is pending-upgrade", wait},
		"alone":                 {"satellite-conflict", as, v1alpha1.CheckPass, `"coder-satellite"`, ""},
		"another Coder":         {"satellite-conflict", installed(func(s *satellite.State) { s.Conflict = "coderd is another's, 100%" }), v1alpha1.CheckFail, "coderd is another's, 100%", "--namespace"},
		"unknown":               {"satellite-conflict", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"deployed":              {"satellite-installed", as, v1alpha1.CheckPass, "chart coder 1.21.7, revision 1", ""},
		"absent":                {"satellite-installed", absent, v1alpha1.CheckFail, "coder-satellite/coder-satellite is not installed", again},
		"pending":               {"satellite-installed", installed(func(s *satellite.State) { s.Pending, s.LastStatus = ours, "pending-upgrade" }), v1alpha1.CheckFail, "it is pending-upgrade", again},
		"failed since":          {"satellite-installed", installed(func(s *satellite.State) { s.Revision, s.LastRevision, s.LastStatus = 1, 2, "failed" }), v1alpha1.CheckFail, "a newer one, 2, is failed", again},
		"first pending":         {"satellite-installed", installed(func(s *satellite.State) { *s = satellite.State{Pending: ours, LastStatus: "pending-install"} }), v1alpha1.CheckFail, "it is pending-install", again},
		"lost":                  {"satellite-installed", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"pods ready":            {"satellite-ready", as, v1alpha1.CheckPass, "ready", ""},
		"pods not ready":        {"satellite-ready", installed(func(s *satellite.State) { s.Ready, s.Blocker = false, "Pod coderd-1: ImagePullBackOff" }), v1alpha1.CheckFail, "Pod coderd-1: ImagePullBackOff", "kubectl --context sydney --namespace coder-satellite get pods"},
		"no pods":               {"satellite-ready", absent, v1alpha1.CheckSkipped, "not installed", ""},
		"pods unknown":          {"satellite-ready", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"same version":          {"satellite-version", as, v1alpha1.CheckPass, "1.21.7", ""},
		"older":                 {"satellite-version", installed(func(s *satellite.State) { s.AppVersion = "1.21.3" }), v1alpha1.CheckWarn, "the satellite runs 1.21.3, the primary 1.21.7", again},
		"no satellite":          {"satellite-version", absent, v1alpha1.CheckSkipped, "not installed", ""},
		"which primary":         {"satellite-version", func(s *snapshot.Snapshot) { lose(&s.Primary.Version) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"which":                 {"satellite-version", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

// serving is an access URL that serves this key.
func serving(key, fingerprint string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		edit(&s.Endpoint, func(e *snapshot.Endpoint) { e.Key = coder.SatelliteKey{Key: key, Fingerprint: fingerprint} })
	}
}

// silent is an access URL where a connection gets only as far as this stage.
func silent(reach probe.Result) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		s.Endpoint = snapshot.Known(snapshot.Endpoint{
			Reach: reach, KeyErr: errors.New("no key"), Version: snapshot.Unknown[coder.Version](errors.New("no version")),
		})
	}
}

func TestAccessChecks(t *testing.T) {
	nothing := silent(probe.Result{Stage: "TCP", Err: errors.New("refused")})
	wrongCertificate := silent(probe.Result{Stage: "TLS", Err: errors.New("certificate for another name")})
	noSatellite := silent(probe.Result{})
	noEndpoint := func(s *snapshot.Snapshot) { lose(&s.Endpoint) }
	keyless := installed(func(s *satellite.State) { s.PublicKey, s.Fingerprint = "", "" })
	uninstalled := installed(func(s *satellite.State) { s.Installed = false }) // its Secret remains
	unseen := func(stage, why string) func(*snapshot.Snapshot) {
		return silent(probe.Result{Stage: stage, Err: &probe.Error{Message: "it is " + why, Unseen: true}})
	}
	proxied := func(v snapshot.Fact[coder.Version]) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { edit(&s.Endpoint, func(e *snapshot.Endpoint) { e.Version = v }) }
	}
	orphaned := both(absent, installed(func(s *satellite.State) { s.Workload = true }))
	answers(t, map[string]row{
		"free":                               {"access-url-free", both(absent, nothing), v1alpha1.CheckPass, "nothing answers at " + accessURL, ""},
		"no name yet":                        {"access-url-free", both(absent, silent(probe.Result{Stage: "DNS", Err: errors.New("refused")})), v1alpha1.CheckPass, "nothing answers", ""},
		"another satellite":                  {"access-url-free", absent, v1alpha1.CheckFail, "already served by another satellite (key " + ownFingerprint, "choose another access URL"},
		"own, known to nothing but its pods": {"access-url-free", orphaned, v1alpha1.CheckFail, "neither its Secret nor a record of a deployed release is in namespace", "rollback --context sydney"},
		"own, known to nothing but its pods, 1.22": {"access-url-free", both(orphaned, alwaysOn), v1alpha1.CheckFail, "the pods lose it when they restart", "delete deployment coderd` cut the satellite's users off"},
		"another name":          {"access-url-free", both(absent, wrongCertificate), v1alpha1.CheckFail, "TLS: certificate for another name", "fix"},
		"a web server":          {"access-url-free", both(absent, noSatellite), v1alpha1.CheckFail, "no satellite: no key", "choose another"},
		"own":                   {"access-url-free", as, v1alpha1.CheckPass, "own key", ""},
		"not own":               {"access-url-free", serving("other", "SHA256:other"), v1alpha1.CheckFail, "serves another key (SHA256:other) than the one in the cluster (SHA256:own)", "which deployment"},
		"installed and silent":  {"access-url-free", nothing, v1alpha1.CheckPass, "does not answer", ""},
		"key gone, and silent":  {"access-url-free", both(keyless, nothing), v1alpha1.CheckPass, "nothing answers at " + accessURL, ""},
		"no answer of DNS":      {"access-url-free", both(absent, unseen("DNS", "timed out")), v1alpha1.CheckUnknown, "it is timed out", ""},
		"nobody waited":         {"access-url-free", both(absent, unseen("TCP", "interrupted")), v1alpha1.CheckUnknown, "it is interrupted", ""},
		"who knows":             {"access-url-free", noEndpoint, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"who knows, at first":   {"access-url-free", both(absent, noEndpoint), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"whose key":             {"access-url-free", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"not named":             {"access-url", func(s *snapshot.Snapshot) { s.Region.Satellite.AccessURL = "" }, v1alpha1.CheckSkipped, "no access URL was named", ""},
		"leads here":            {"access-url", as, v1alpha1.CheckPass, "own key", ""},
		"leads elsewhere":       {"access-url", serving("other", "SHA256:other"), v1alpha1.CheckFail, "another key", "which deployment"},
		"does not answer":       {"access-url", nothing, v1alpha1.CheckFail, "does not answer: TCP: refused", "DNS"},
		"no satellite":          {"access-url", noSatellite, v1alpha1.CheckFail, "does not serve a satellite's key: no key", "which deployment"},
		"not installed":         {"access-url", both(absent, nothing), v1alpha1.CheckSkipped, "not installed", ""},
		"key gone":              {"access-url", keyless, v1alpha1.CheckFail, "no key of the satellite", "rollback --context sydney --remove-satellite"},
		"key gone and silent":   {"access-url", both(keyless, nothing), v1alpha1.CheckFail, "no key of the satellite", again},
		"uninstalled, answers":  {"access-url", uninstalled, v1alpha1.CheckPass, "own key", ""},
		"endpoint unknown":      {"access-url", noEndpoint, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"key gone, and unknown": {"access-url", both(keyless, noEndpoint), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"satellite unknown":     {"access-url", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"passes on":             {"satellite-proxies", as, v1alpha1.CheckPass, "v1.21.7 answers through", ""},
		"refused there":         {"satellite-proxies", proxied(snapshot.Unknown[coder.Version](errLost)), v1alpha1.CheckFail, errLost.Error(), "registered"},
		"another primary":       {"satellite-proxies", proxied(snapshot.Known(version("1.30.0"))), v1alpha1.CheckFail, "v1.30.0 answers through the satellite, but the primary is v1.21.7", "which primary"},
		"access URL broken":     {"satellite-proxies", nothing, v1alpha1.CheckSkipped, "does not lead to the satellite", ""},
		"nothing to pass":       {"satellite-proxies", absent, v1alpha1.CheckSkipped, "not installed", ""},
		"primary unknown":       {"satellite-proxies", func(s *snapshot.Snapshot) { lose(&s.Primary.Version) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"no endpoint":           {"satellite-proxies", noEndpoint, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"is there a satellite?": {"satellite-proxies", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

func TestRegistrationChecks(t *testing.T) {
	registered := func(list ...coder.Satellite) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.Registrations = snapshot.Known(list) }
	}
	taken := registered(coder.Satellite{ID: "r", Name: "sydney", Fingerprint: "SHA256:other"})
	elsewhere := registered(coder.Satellite{ID: "r", Name: "other", Fingerprint: ownFingerprint})
	// a primary may print fingerprints in a form of its own
	otherForm := both(registered(coder.Satellite{ID: "r", Name: "sydney", Fingerprint: "aa:bb"}), serving(ownKey, "aa:bb"))
	noList := func(s *snapshot.Snapshot) { lose(&s.Registrations) }
	two := registered(coder.Satellite{ID: "r1", Name: "other", Fingerprint: ownFingerprint}, coder.Satellite{ID: "r2", Name: "sydney", Fingerprint: "SHA256:other"})
	ours := func(s *snapshot.Snapshot) {
		s.SatelliteJournal = snapshot.Known(&journal.Record{Operation: "migrate", Primary: primaryURL, RegistrationID: "r"})
	}
	answers(t, map[string]row{
		"own name":         {"registration-name", as, v1alpha1.CheckPass, `"sydney"`, ""},
		"free":             {"registration-name", registered(), v1alpha1.CheckPass, "free", ""},
		"free, no state":   {"registration-name", both(registered(), noState), v1alpha1.CheckPass, "free", ""},
		"taken":            {"registration-name", taken, v1alpha1.CheckFail, `"sydney" with another key (SHA256:other)`, "coder satellites rm sydney"},
		"taken, at first":  {"registration-name", both(absent, taken), v1alpha1.CheckFail, "with another key (SHA256:other)", "coder satellites rm sydney"},
		"taken beside own": {"registration-name", two, v1alpha1.CheckFail, "with another key (SHA256:other)", "coder satellites rm sydney"},
		"a former key":     {"registration-name", both(absent, taken, ours), v1alpha1.CheckPass, "a key that it no longer has, which `migrate` replaces", ""},
		"taken by whom":    {"registration-name", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"other form":       {"registration-name", otherForm, v1alpha1.CheckPass, "own", ""},
		"no list":          {"registration-name", noList, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"registered":       {"satellite-registered", as, v1alpha1.CheckPass, `registered as "sydney", ` + ownFingerprint, ""},
		"under a name":     {"satellite-registered", elsewhere, v1alpha1.CheckPass, `registered as "other"`, ""},
		"in another form":  {"satellite-registered", otherForm, v1alpha1.CheckPass, "aa:bb", ""},
		"not registered":   {"satellite-registered", taken, v1alpha1.CheckFail, "does not list the satellite's key " + ownFingerprint, again},
		"not installed":    {"satellite-registered", both(absent, registered()), v1alpha1.CheckSkipped, "not installed", ""},
		"which key":        {"satellite-registered", noState, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"which list":       {"satellite-registered", noList, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

func TestRunCheck(t *testing.T) {
	record := func(record *journal.Record) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.ProviderJournal = snapshot.Known(record) }
	}
	run := func(outcome v1alpha1.Outcome) func(*snapshot.Snapshot) {
		return record(&journal.Record{Operation: "migrate", Operator: "ann", Step: "install-satellite", Outcome: outcome})
	}
	held := func(s *snapshot.Snapshot) {
		acquired := time.Date(2022, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
		s.ProviderLock = snapshot.Known(&lock.State{Holder: "bob@host/1", Acquired: acquired})
	}
	never := func(s *snapshot.Snapshot) { s.ProviderLock = snapshot.Known[*lock.State](nil) }
	answers(t, map[string]row{
		"well":            {"run-complete", as, v1alpha1.CheckPass, "the last migrate, by ann@example.com, succeeded", ""},
		"no lock ever":    {"run-complete", never, v1alpha1.CheckPass, "succeeded", ""},
		"failed":          {"run-complete", run(v1alpha1.OutcomeFailed), v1alpha1.CheckWarn, "ended Failed at step install-satellite", again},
		"interrupted":     {"run-complete", run(v1alpha1.OutcomeInterrupted), v1alpha1.CheckWarn, "ended Interrupted", again},
		"died":            {"run-complete", run(""), v1alpha1.CheckWarn, "stopped without recording a result at step install-satellite", again},
		"none":            {"run-complete", record(nil), v1alpha1.CheckSkipped, "nothing was run", ""},
		"empty":           {"run-complete", record(&journal.Record{}), v1alpha1.CheckSkipped, "nothing was run", ""},
		"under way":       {"run-complete", both(run(""), held), v1alpha1.CheckWarn, "bob@host/1 holds the lock since 2022-03-04 04:06:07 UTC", "unlock"},
		"first under way": {"run-complete", both(record(nil), held), v1alpha1.CheckWarn, "bob@host/1", "unlock"},
		"no journal read": {"run-complete", func(s *snapshot.Snapshot) { lose(&s.ProviderJournal) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"no lock read":    {"run-complete", func(s *snapshot.Snapshot) { lose(&s.ProviderLock) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}
