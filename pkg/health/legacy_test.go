package health_test

import (
	"errors"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// release changes the region's only legacy release.
func release(change func(*legacy.Release)) func(*snapshot.Snapshot) {
	return state(func(l *snapshot.Legacy) {
		r := *l.Release
		change(&r)
		l.Release, l.Found.Releases = &r, []legacy.Release{r}
	})
}

func state(change func(*snapshot.Legacy)) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { edit(&s.Legacy, change) }
}

func noRelease(reasons ...string) func(*snapshot.Snapshot) {
	return state(func(l *snapshot.Legacy) { *l = snapshot.Legacy{Found: legacy.Found{Reasons: reasons}} })
}

func noLegacy(s *snapshot.Snapshot) { lose(&s.Legacy) }

func off(s *snapshot.Snapshot) {
	edit(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = ptr.To(false) })
}

func both(changes ...func(*snapshot.Snapshot)) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		for _, change := range changes {
			change(s)
		}
	}
}

func alwaysOn(s *snapshot.Snapshot) { s.Primary.Version = snapshot.Known(version("1.22.0")) }

func as(*snapshot.Snapshot) {}

func TestLegacyFound(t *testing.T) {
	two := state(func(l *snapshot.Legacy) {
		l.Release = nil
		l.Found.Releases = []legacy.Release{{Namespace: "a", Name: "one"}, {Namespace: "b", Name: "two"}}
	})
	torn := state(func(l *snapshot.Legacy) { l.Found.Reasons = []string{"the backup of c/three is torn"} })
	killed := state(func(l *snapshot.Legacy) {
		*l = snapshot.Legacy{Found: legacy.Found{Unusable: true, Remedy: "end it with `helm --kube-context sydney rollback one 1`", Reasons: []string{"a/one is pending-install"}}}
	})
	answers(t, map[string]row{
		"none but a killed one": {"legacy-found", both(killed, off), v1alpha1.CheckFail, "a/one is pending-install", "end it with `helm --kube-context sydney rollback one 1`"},
		"one":                   {"legacy-found", as, v1alpha1.CheckPass, "coder/coder-workspace-provider, chart workspace-provider 1.20.0, revision 1", ""},
		"two":                   {"legacy-found", two, v1alpha1.CheckFail, "b/two", "list --all-namespaces"},
		"two, no way back":      {"legacy-found", both(two, torn, alwaysOn), v1alpha1.CheckFail, "b/two", "list --all-namespaces"},
		"none, on legacy path":  {"legacy-found", both(noRelease(), off), v1alpha1.CheckFail, "", "list --all-namespaces"},
		"none, switched":        {"legacy-found", noRelease(), v1alpha1.CheckSkipped, "does not use one", ""},
		"none, always switched": {"legacy-found", both(noRelease(), alwaysOn), v1alpha1.CheckSkipped, "does not use one", ""},
		"none, no journal":      {"legacy-found", both(noRelease("the backup of elsewhere/other is torn"), noJournal), v1alpha1.CheckSkipped, "does not use one", ""},
		"none, no ledger": {"legacy-found", both(noRelease("the backup of elsewhere/other is torn"), func(s *snapshot.Snapshot) { s.ProviderJournal.Value().Retention = nil }),
			v1alpha1.CheckSkipped, "does not use one", ""},
		"none, switch unknown":  {"legacy-found", both(noRelease(), func(s *snapshot.Snapshot) { lose(&s.Provider) }), v1alpha1.CheckFail, "", "list --all-namespaces"},
		"none, but in ledger":   {"legacy-found", noRelease("the backup of coder/coder-workspace-provider is torn"), v1alpha1.CheckFail, "is torn", "list --all-namespaces"},
		"none, no way back":     {"legacy-found", both(noRelease("the backup of coder/coder-workspace-provider is torn"), alwaysOn), v1alpha1.CheckSkipped, "v1.22.0 has no legacy path to go back to", ""},
		"none, other's remains": {"legacy-found", noRelease("the backup of elsewhere/other is torn"), v1alpha1.CheckSkipped, "", ""},
		"unknown":               {"legacy-found", noLegacy, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

func TestLegacyIdle(t *testing.T) {
	answers(t, map[string]row{
		"deployed":        {"legacy-idle", as, v1alpha1.CheckPass, "no Helm operation", ""},
		"pending-upgrade": {"legacy-idle", release(func(r *legacy.Release) { r.Status, r.LatestRevision = "pending-upgrade", 2 }), v1alpha1.CheckFail, "helm", "wait"},
		"pending-install": {"legacy-idle", release(func(r *legacy.Release) { r.Status = "pending-install" }), v1alpha1.CheckFail, "helm", "wait"},
		"uninstalling":    {"legacy-idle", release(func(r *legacy.Release) { r.Status = "uninstalling" }), v1alpha1.CheckFail, "helm", "wait"},
		"no release":      {"legacy-idle", noRelease(), v1alpha1.CheckSkipped, "there is no legacy release", ""},
		"unknown":         {"legacy-idle", noLegacy, v1alpha1.CheckSkipped, "the legacy release is unknown", ""},
	})
}

// control changes what Flux does with the legacy release.
func control(change func(*gitops.Control)) func(*snapshot.Snapshot) {
	return state(func(l *snapshot.Legacy) {
		l.Retention.Control = gitops.Control{Owner: flux(), Suspended: true}
		change(&l.Retention.Control)
	})
}

func flux() gitops.Owner {
	return gitops.Owner{Tool: gitops.Flux, Namespace: "coder", Name: "envproxy"}
}

func TestLegacyOwner(t *testing.T) {
	by := func(migrated bool) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			record := *s.ProviderJournal.Value()
			record.Suspended = flux().String()
			if !migrated {
				record.Operation, record.Outcome = "rollback", v1alpha1.OutcomeSucceeded
			}
			s.ProviderJournal = snapshot.Known(&record)
		}
	}
	suspended := control(func(*gitops.Control) {})
	answers(t, map[string]row{
		"nobody":            {"legacy-owner", as, v1alpha1.CheckPass, "no GitOps controller owns it", ""},
		"suspended":         {"legacy-owner", suspended, v1alpha1.CheckPass, "Flux's HelmRelease coder/envproxy owns it, and is suspended", ""},
		"not suspended":     {"legacy-owner", control(func(c *gitops.Control) { c.Suspended = false }), v1alpha1.CheckWarn, "retention needs its suspension", "suspend helmrelease envproxy"},
		"busy":              {"legacy-owner", control(func(c *gitops.Control) { c.Busy = true }), v1alpha1.CheckWarn, "retention needs its suspension", "suspend helmrelease envproxy"},
		"Argo CD":           {"legacy-owner", control(func(c *gitops.Control) { c.Owner.Tool = gitops.ArgoCD }), v1alpha1.CheckPass, "Argo CD's Application coder/envproxy owns it, and neither prunes nor deletes what is retained", ""},
		"unreadable":        {"legacy-owner", control(func(c *gitops.Control) { c.Err = errLost }), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"ours, migrated":    {"legacy-owner", both(suspended, by(true)), v1alpha1.CheckPass, "suspended", ""},
		"ours, rolled back": {"legacy-owner", both(suspended, by(false), off), v1alpha1.CheckWarn, "an earlier run suspended", "resume helmrelease envproxy"},
		"no release":        {"legacy-owner", noRelease(), v1alpha1.CheckSkipped, "there is no legacy release", ""},
		"unknown":           {"legacy-owner", noLegacy, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

func TestLegacyRetained(t *testing.T) {
	const again = "kubectl coder-satellite retain --context sydney"
	incomplete := state(func(l *snapshot.Legacy) { l.Retention = legacy.Retention{Missing: []string{"one thing", "another"}} })
	ledger := func(change func(*journal.Record)) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			record := *s.ProviderJournal.Value()
			change(&record)
			s.ProviderJournal = snapshot.Known(&record)
		}
	}
	fluxActs := state(func(l *snapshot.Legacy) {
		acting := gitops.Control{Owner: flux()}
		l.Retention = legacy.Retention{Missing: []string{acting.Acts()}, Control: acting}
	})
	answers(t, map[string]row{
		"retained":       {"legacy-retained", as, v1alpha1.CheckPass, "revision 1 is retained", ""},
		"incomplete":     {"legacy-retained", incomplete, v1alpha1.CheckFail, "missing one thing, another", again},
		"Flux acts":      {"legacy-retained", fluxActs, v1alpha1.CheckFail, "missing suspension of", "suspend helmrelease envproxy"},
		"Flux, unknown":  {"legacy-retained", control(func(c *gitops.Control) { c.Err = errLost }), v1alpha1.CheckUnknown, errLost.Error(), ""},
		"no journal":     {"legacy-retained", func(s *snapshot.Snapshot) { s.ProviderJournal = snapshot.Known[*journal.Record](nil) }, v1alpha1.CheckFail, "ledger does not list coder/coder-workspace-provider revision 1", again},
		"no ledger":      {"legacy-retained", ledger(func(r *journal.Record) { r.Retention = nil }), v1alpha1.CheckFail, "ledger", again},
		"other revision": {"legacy-retained", release(func(r *legacy.Release) { r.Revision = 2 }), v1alpha1.CheckFail, "revision 2", again},
		"journal lost":   {"legacy-retained", func(s *snapshot.Snapshot) { lose(&s.ProviderJournal) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"no release":     {"legacy-retained", noRelease(), v1alpha1.CheckSkipped, "no legacy release to retain", ""},
		"unknown":        {"legacy-retained", noLegacy, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}

func TestLegacyRollbackReady(t *testing.T) {
	silent := func(url string) func(*snapshot.Snapshot) {
		return state(func(l *snapshot.Legacy) {
			l.AccessURL, l.Reach = url, probe.Result{Stage: "TCP", Err: errors.New("refused")}
		})
	}
	problems := state(func(l *snapshot.Legacy) {
		l.Readiness = legacy.Readiness{Problems: []string{"Role/coder is gone", "envproxy is not available"}}
	})
	answers(t, map[string]row{
		"ready":         {"legacy-rollback-ready", as, v1alpha1.CheckPass, "envproxy is available", ""},
		"problems":      {"legacy-rollback-ready", problems, v1alpha1.CheckWarn, "Role/coder is gone; envproxy is not available", "helm --kube-context sydney --namespace coder status coder-workspace-provider"},
		"Argo CD":       {"legacy-rollback-ready", both(problems, release(func(r *legacy.Release) { r.Driver = "none" })), v1alpha1.CheckWarn, "Role/coder is gone", "kubectl coder-satellite rollback --context sydney"},
		"silent":        {"legacy-rollback-ready", silent("https://envproxy.example.com"), v1alpha1.CheckWarn, "https://envproxy.example.com: TCP: refused", "coder.deployment=envproxy"},
		"without a URL": {"legacy-rollback-ready", silent(""), v1alpha1.CheckPass, "", ""},
		"no release":    {"legacy-rollback-ready", noRelease(), v1alpha1.CheckSkipped, "no legacy release", ""},
		"unknown":       {"legacy-rollback-ready", noLegacy, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}
