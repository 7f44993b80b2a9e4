package migration

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

var errNothing = errors.New("nothing answers")

// set changes the value of a known fact.
func set[T any](fact *snapshot.Fact[T], change func(*T)) {
	value := fact.Value()
	change(&value)
	*fact = snapshot.Known(value)
}

// fluxOwns makes Flux the owner of the legacy release.
func fluxOwns(but func(*gitops.Control)) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		set(&s.Legacy, func(l *snapshot.Legacy) {
			l.Retention.Control = gitops.Control{Owner: gitops.Owner{Tool: gitops.Flux, Namespace: "coder", Name: "envproxy"}}
			but(&l.Retention.Control)
			if acts := l.Retention.Control.Acts(); acts != "" {
				l.Retention.Missing, l.Retention.Complete = append(l.Retention.Missing, acts), false
			}
		})
	}
}

// argoRendered makes the legacy release one that Argo CD rendered.
func argoRendered(s *snapshot.Snapshot) {
	set(&s.Legacy, func(l *snapshot.Legacy) {
		release := *l.Release
		release.Driver, release.ChartVersion, release.Deployment = "none", "rendered by Argo CD", "envproxy"
		l.Release, l.Retention.Control = &release, gitops.Control{Owner: gitops.Owner{Tool: gitops.ArgoCD, Name: "coder"}, Suspended: true}
	})
}

// suspendedByUs makes Flux the owner of the legacy release, whose HelmRelease an earlier run suspended.
func suspendedByUs(s *snapshot.Snapshot) {
	fluxOwns(func(c *gitops.Control) { c.Suspended = true })(s)
	s.ProviderJournal.Value().Suspended = s.Legacy.Value().Retention.Control.Owner.String()
}

// fluxInstalls makes Flux the owner of the satellite's release.
func fluxInstalls(but func(*satellite.State)) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		set(&s.Satellite, func(x *satellite.State) {
			x.Control = gitops.Control{Owner: gitops.Owner{Tool: gitops.Flux, Namespace: "coder", Name: "coder"}, Message: "no chart"}
			but(x)
		})
	}
}

func TestDecisions(t *testing.T) {
	const none, change, check, blocked = v1alpha1.ActionNone, v1alpha1.ActionChange, v1alpha1.ActionCheck, v1alpha1.ActionBlocked
	type facts = *snapshot.Snapshot
	asIs := func(facts) {}
	for name, test := range map[string]struct {
		step   Step
		from   func(*testing.T) facts
		but    func(facts)
		action v1alpha1.StepAction
		reason string // part of the reason
	}{
		"retain: at the primary":    {retainLegacy(Refuse), migrated, atPrimary, none, "connect through the primary"},
		"retain: fresh":             {retainLegacy(Refuse), fresh, asIs, change, "retain coder/coder-workspace-provider revision 1"},
		"retain: done":              {retainLegacy(Refuse), migrated, asIs, none, "is retained"},
		"retain: unknown":           {retainLegacy(Refuse), migrated, func(s facts) { s.Legacy = snapshot.Unknown[snapshot.Legacy](errNothing) }, blocked, "nothing answers"},
		"retain: the ledger lags":   {retainLegacy(Refuse), migrated, func(s facts) { s.ProviderJournal.Value().Retention.Revision = 7 }, change, "retain"},
		"retain: no journal":        {retainLegacy(Refuse), migrated, func(s facts) { s.ProviderJournal = snapshot.Known[*journal.Record](nil) }, change, "retain"},
		"retain: none, legacy path": {retainLegacy(Refuse), fresh, noLegacy, blocked, "legacy"},
		"retain: none, v2":          {retainLegacy(Refuse), migrated, func(s facts) { noLegacy(s); s.ProviderJournal.Value().Retention = nil }, none, "no legacy release"},
		"retain: unusable, v2": {retainLegacy(Refuse), migrated, func(s facts) {
			s.Legacy, s.ProviderJournal.Value().Retention = snapshot.Known(snapshot.Legacy{Found: legacy.Found{Unusable: true}}), nil
		}, blocked, "no legacy release was found"},
		"retain: gone, v2": {retainLegacy(Refuse), migrated, noLegacy, blocked, "no legacy release was found"},
		"retain: gone, always v2": {retainLegacy(Refuse), migrated, func(s facts) {
			noLegacy(s)
			s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0"))
		}, none, "no legacy release"},
		"retain: record is gone": {retainLegacy(Refuse), migrated, recordGone, change, "restore coder/coder-workspace-provider from its backup b, and retain it"},

		"retain: Flux's, refused":       {retainLegacy(Refuse), fresh, fluxOwns(func(*gitops.Control) {}), blocked, "suspend helmrelease envproxy`, or give --gitops suspend"},
		"retain: Flux's, to suspend":    {retainLegacy(Suspend), fresh, fluxOwns(func(*gitops.Control) {}), change, "retain coder/"},
		"retain: Flux's, to wait for":   {retainLegacy(Wait), fresh, fluxOwns(func(*gitops.Control) {}), change, "retain coder/"},
		"retain: Flux's, suspended":     {retainLegacy(Refuse), fresh, fluxOwns(func(c *gitops.Control) { c.Suspended = true }), change, "retain coder/"},
		"retain: Flux's, unknown":       {retainLegacy(Suspend), fresh, fluxOwns(func(c *gitops.Control) { c.Err = errNothing }), blocked, "not certain that it leaves it alone: nothing answers"},
		"retain: Flux's, resumed":       {retainLegacy(Refuse), migrated, fluxOwns(func(*gitops.Control) {}), blocked, "would undo the retention"},
		"resume: at the primary":        {resumeOwner(), migrated, func(s facts) { atPrimary(s); s.Legacy = snapshot.Known(snapshot.Legacy{}) }, none, "no GitOps controller owns"},
		"resume: no owner":              {resumeOwner(), migrated, asIs, none, "no GitOps controller owns the legacy release"},
		"resume: facts unknown":         {resumeOwner(), migrated, func(s facts) { s.Legacy = snapshot.Unknown[snapshot.Legacy](errNothing) }, blocked, "nothing answers"},
		"resume: Flux unknown":          {resumeOwner(), migrated, fluxOwns(func(c *gitops.Control) { c.Err = errNothing }), blocked, "roll back without --gitops resume"},
		"resume: not suspended":         {resumeOwner(), migrated, fluxOwns(func(*gitops.Control) {}), none, "is not suspended"},
		"resume: somebody's":            {resumeOwner(), migrated, fluxOwns(func(c *gitops.Control) { c.Suspended = true }), none, "no run of the plugin suspended it"},
		"resume: no journal":            {resumeOwner(), migrated, func(s facts) { suspendedByUs(s); s.ProviderJournal = snapshot.Known[*journal.Record](nil) }, none, "stays suspended"},
		"resume: ours":                  {resumeOwner(), migrated, suspendedByUs, change, "resume Flux's HelmRelease coder/envproxy"},
		"retain: Argo CD's":             {retainLegacy(Refuse), fresh, argoRendered, change, "retain coder/coder-workspace-provider revision 1 (chart rendered by Argo CD)"},
		"finalize: Argo CD's":           {removeLegacy(), migrated, argoRendered, blocked, "argocd app delete coder --cascade=false`, then remove its mark with `kubectl --context sydney --namespace coder annotate deployment envproxy argocd.argoproj.io/tracking-id-`"},
		"finalize: Flux's, resumed":     {removeLegacy(), migrated, fluxOwns(func(*gitops.Control) {}), blocked, "would install it again"},
		"install: Flux's, other values": {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) { x.Values = nil }), check, "wait until Flux's HelmRelease coder/coder has installed coder 1.21.7 as coder-satellite/coder-satellite: the values differ: coderd.replicas; Flux's HelmRelease coder/coder says: no chart"},
		"install: Flux's, Git differs":  {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) { x.Values, x.Control.Ready = nil, true }), check, "; change it in Git (`kubectl coder-satellite export flux --context sydney` writes it), or the Fleet; then wait until Flux has applied it"},
		"install: Flux's, its Kustomization": {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) {
			x.Values, x.Control.Applier = nil, types.NamespacedName{Namespace: "flux-system", Name: "apps"}
		}), check, "or the Fleet; then `flux --context sydney --namespace flux-system reconcile kustomization apps --with-source`"},
		"install: Flux's, suspended": {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) { x.Values, x.Control.Suspended = nil, true }), check,
			"Flux's HelmRelease coder/coder is suspended; resume it: `flux --context sydney --namespace coder resume helmrelease coder`"},
		"install: Flux's, more values": {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) {
			x.Values = map[string]any{"coderd": map[string]any{"replicas": 1, "image": "mirror"}}
		}), none, "is deployed and ready, by Flux's HelmRelease coder/coder"},
		"install: Flux's to come": {installSatellite(), fresh, fluxInstalls(func(x *satellite.State) {
			*x = satellite.State{Control: gitops.Control{Owner: x.Control.Owner, Declared: true, Err: &gitops.AbsentError{Owner: x.Control.Owner}}}
		}), check, "no revision is deployed; Flux's HelmRelease coder/coder is not in this cluster; commit it to Git: `kubectl coder-satellite export flux --context sydney` writes it"},
		"install: Flux's, elsewhere":     {installSatellite(), fresh, fluxInstalls(func(x *satellite.State) { *x = satellite.State{Control: x.Control, Conflict: "it is another's"} }), check, "it is another's"},
		"install: Flux's, no key":        {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) { x.PublicKey = "" }), check, `namespace "coder-satellite" has no Secret coder-replica-private-key`},
		"install: Flux's, key lost":      {installSatellite(), migrated, func(s facts) { keyRecorded(s); fluxInstalls(func(*satellite.State) {})(s) }, change, "restore the Secret with the satellite's key"},
		"install: ours, but Flux's":      {installSatellite(), migrated, func(s facts) { s.Region.Satellite.ManagedBy = "helm"; fluxInstalls(func(*satellite.State) {})(s) }, blocked, "the Fleet says that helm manages the satellite (managedBy), but Flux's HelmRelease coder/coder owns it"},
		"install: Argo CD's, but Flux's": {installSatellite(), migrated, func(s facts) { s.Region.Satellite.ManagedBy = "argocd"; fluxInstalls(func(*satellite.State) {})(s) }, blocked, "the Fleet says that argocd manages"},
		"install: declared as found":     {installSatellite(), migrated, func(s facts) { s.Region.Satellite.ManagedBy = "flux"; fluxInstalls(func(*satellite.State) {})(s) }, none, "ready, by"},
		"install: Flux's, done":          {installSatellite(), migrated, fluxInstalls(func(*satellite.State) {}), none, "is deployed and ready"},
		"install: Argo CD's, unreadable": {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) {
			x.Control = gitops.Control{Owner: gitops.Owner{Tool: gitops.ArgoCD, Name: "sydney"}, Err: errNothing}
		}), none, "by Argo CD's Application sydney; cannot tell whether its syncs keep the satellite's key: nothing answers"},
		"install: Argo CD's, replaces the key": {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) {
			x.Control = gitops.Control{Owner: gitops.Owner{Tool: gitops.ArgoCD, Name: "sydney"}, Ready: true, ReplacesKey: true}
		}), check, "a sync of Argo CD's Application sydney may replace the satellite's key: it needs ignoreDifferences for Secret coder-replica-private-key"},
		"install: Flux's, not ready":   {installSatellite(), migrated, fluxInstalls(func(x *satellite.State) { x.Ready, x.Blocker = false, "Pod a: Pending" }), check, ": Pod a: Pending; Flux's HelmRelease coder/coder says: no chart"},
		"uninstall: Flux's":            {uninstallSatellite(false), migrated, fluxInstalls(func(*satellite.State) {}), blocked, "Flux's HelmRelease coder/coder owns the satellite's release"},
		"uninstall: Flux's, gone":      {uninstallSatellite(false), migrated, fluxInstalls(func(x *satellite.State) { x.LastRevision, x.Control.Declared = 0, true }), none, "not installed"},
		"uninstall: Flux's, no record": {uninstallSatellite(false), migrated, fluxInstalls(recordElsewhere), blocked, "Flux's HelmRelease coder/coder owns the satellite's release"},
		"uninstall: to be Flux's":      {uninstallSatellite(false), migrated, fluxInstalls(func(x *satellite.State) { x.Control.Declared = true }), blocked, "is to own the satellite's release, but it does not"},
		"install: Flux's, no record": {installSatellite(), migrated, fluxInstalls(recordElsewhere), check,
			`Helm's record is not in namespace "coder-satellite": set spec.storageNamespace: coder-satellite in Flux's HelmRelease coder/coder`},

		"connectivity: no canary, no journal": {verifyConnectivity(), migrated, func(s facts) {
			s.Canary = snapshot.Known(snapshot.Canary{None: true})
			s.ProviderJournal = snapshot.Known[*journal.Record](nil)
		}, none, "answers"},

		"install: fresh": {installSatellite(), fresh, asIs, change, "install coder 1.21.7 as coder-satellite/coder-satellite"},
		"install: done":  {installSatellite(), migrated, asIs, none, "is deployed and ready, revision 1"},
		"install: not ready": {installSatellite(), migrated, func(s facts) {
			set(&s.Satellite, func(x *satellite.State) { x.Ready, x.Blocker = false, "Pod coderd-1: no image" })
		}, check, "Pod coderd-1: no image"},
		"install: values": {installSatellite(), migrated, func(s facts) { set(&s.Satellite, func(x *satellite.State) { x.Values = nil }) }, change, "upgrade to coder 1.21.7"},
		"install: chart":  {installSatellite(), migrated, func(s facts) { set(&s.Satellite, func(x *satellite.State) { x.ChartVersion = "1.21.6" }) }, change, "from revision 1"},
		"install: pending": {installSatellite(), migrated, func(s facts) {
			set(&s.Satellite, func(x *satellite.State) { x.Pending, x.LastStatus = &satellite.Pending{}, "pending-upgrade" })
		}, change, "an earlier Helm run left it pending-upgrade"},
		"install: the key is gone":  {installSatellite(), migrated, keyRecorded, change, "restore the Secret with the satellite's key, SHA256:own, from Helm's record of revision 1"},
		"register: the key is gone": {registerSatellite(), migrated, keyRecorded, check, `"sydney" is registered with the key that is restored first`},
		"install: unknown":          {installSatellite(), fresh, func(s facts) { s.Satellite = snapshot.Unknown[satellite.State](errNothing) }, blocked, "could not be examined: nothing answers"},
		"install: no chart":         {installSatellite(), fresh, func(s facts) { s.Chart = snapshot.Unknown[*satellite.Chart](errNothing) }, blocked, "chart cannot be used: nothing answers"},
		"install: bad values":       {installSatellite(), fresh, func(s facts) { s.Spec = snapshot.Unknown[satellite.Spec](errNothing) }, blocked, "values cannot be used: nothing answers"},

		"expose: fresh":       {exposeSatellite(), fresh, asIs, check, "wait until https://coder-sydney.example.com answers"},
		"expose: done":        {exposeSatellite(), migrated, asIs, none, "with the satellite's own key"},
		"expose: another key": {exposeSatellite(), migrated, otherKey, check, "wait until"},

		"register: fresh":                   {registerSatellite(), fresh, asIs, change, `register "sydney"`},
		"register: done":                    {registerSatellite(), migrated, asIs, none, `registered as "sydney"`},
		"register: name taken":              {registerSatellite(), migrated, func(s facts) { s.Registrations.Value()[0].Fingerprint = "SHA256:other" }, blocked, "another key (SHA256:other). If it is a former installation"},
		"register: a former key of its own": {registerSatellite(), migrated, formerKey, change, "again, in place of the former key SHA256:other"},
		"register: name taken, no key yet": {registerSatellite(), fresh, func(s facts) {
			s.Registrations = snapshot.Known([]coder.Satellite{{ID: "x", Name: "sydney", Fingerprint: "SHA256:other"}})
		}, change, `register "sydney" at the primary`},
		"register: another's name": {registerSatellite(), migrated, func(s facts) {
			s.Registrations = snapshot.Known([]coder.Satellite{{ID: "x", Name: "london", Fingerprint: "SHA256:other"}})
		}, change, `register "sydney" at the primary`},
		"register: unknown": {registerSatellite(), fresh, func(s facts) { s.Registrations = snapshot.Unknown[[]coder.Satellite](errNothing) }, blocked, "nothing answers"},
		"register: other form of fingerprint": {registerSatellite(), migrated, func(s facts) {
			s.Registrations.Value()[0].Fingerprint = "ab:cd"
			set(&s.Endpoint, func(e *snapshot.Endpoint) { e.Key.Fingerprint = "ab:cd" })
		}, none, `registered as "sydney" with fingerprint ab:cd`},

		"verify: fresh":         {verifySatellite(), fresh, asIs, check, "wait until"},
		"verify: done":          {verifySatellite(), migrated, asIs, none, "answers through the satellite"},
		"verify: other version": {verifySatellite(), migrated, func(s facts) { s.Primary.Version = snapshot.Known(coder.Version{}) }, check, "wait until"},

		"enable: fresh":          {enableNetworkingV2(), fresh, asIs, change, `switch provider "sydney" to Networking v2`},
		"enable: done":           {enableNetworkingV2(), migrated, asIs, none, "uses Networking v2"},
		"enable: always on":      {enableNetworkingV2(), fresh, func(s facts) { s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0")) }, none, "a primary of v1.22.0 always uses"},
		"enable: field is gone":  {enableNetworkingV2(), fresh, func(s facts) { set(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = nil }) }, blocked, "does not report"},
		"enable: no provider":    {enableNetworkingV2(), fresh, func(s facts) { s.Provider = snapshot.Unknown[coder.Provider](errNothing) }, blocked, "nothing answers"},
		"enable: version hidden": {enableNetworkingV2(), fresh, func(s facts) { s.Primary.Version = snapshot.Unknown[coder.Version](errNothing) }, blocked, "nothing answers"},

		"canary: fresh":                     {rebuildCanary(journal.ProvesSatellite, always), fresh, asIs, change, `rebuild workspace "canary" (it is off)`},
		"canary: done":                      {rebuildCanary(journal.ProvesSatellite, always), migrated, asIs, none, "was rebuilt"},
		"canary: none":                      {rebuildCanary(journal.ProvesSatellite, always), fresh, func(s facts) { s.Canary = snapshot.Known(snapshot.Canary{None: true, Reason: "none is wanted"}) }, none, "none is wanted"},
		"canary: unknown":                   {rebuildCanary(journal.ProvesSatellite, always), fresh, func(s facts) { s.Canary = snapshot.Unknown[snapshot.Canary](errNothing) }, blocked, "nothing answers"},
		"canary: another":                   {rebuildCanary(journal.ProvesSatellite, always), migrated, func(s facts) { set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.ID = "x" }) }, change, "rebuild"},
		"canary: built for the legacy path": {rebuildCanary(journal.ProvesSatellite, always), migrated, func(s facts) { s.ProviderJournal.Value().Canary.Proves = journal.ProvesLegacy }, change, "rebuild"},
		"canary: asked, not built": {rebuildCanary(journal.ProvesSatellite, always), migrated, func(s facts) {
			s.ProviderJournal.Value().Canary.Rebuilt, s.ProviderJournal.Value().Canary.BuiltBefore = false, testNow
		}, change, "rebuild"},
		"canary: asked, built unseen":  {rebuildCanary(journal.ProvesSatellite, always), migrated, func(s facts) { s.ProviderJournal.Value().Canary.Rebuilt = false }, none, "was rebuilt"},
		"canary: asked, building":      {rebuildCanary(journal.ProvesSatellite, always), migrated, building, change, "rebuild"},
		"canary: nothing calls for it": {rebuildCanary(journal.ProvesLegacy, usesSatellite), fresh, asIs, none, "no rebuild is needed"},
		"canary: the journal has none": {rebuildCanary(journal.ProvesLegacy, usesSatellite), fresh, func(s facts) { s.ProviderJournal = snapshot.Known(&journal.Record{}) }, none, "no rebuild is needed"},
		"canary: the journal has another": {rebuildCanary(journal.ProvesLegacy, usesSatellite), fresh, func(s facts) {
			s.ProviderJournal = snapshot.Known(&journal.Record{Canary: &journal.Canary{Proves: journal.ProvesSatellite}})
		}, none, "no rebuild is needed"},
		"canary: going back calls for it": {rebuildCanary(journal.ProvesLegacy, usesSatellite), migrated, asIs, change, "rebuild"},
		"canary: going back called for it": {rebuildCanary(journal.ProvesLegacy, usesSatellite), fresh, func(s facts) {
			s.ProviderJournal = snapshot.Known(&journal.Record{Canary: &journal.Canary{Proves: journal.ProvesLegacy}})
		}, change, "rebuild"},
		"connectivity: done":        {verifyConnectivity(), migrated, asIs, none, `workspace "canary" was rebuilt after the switch`},
		"connectivity: not reached": {verifyConnectivity(), migrated, ownedCanary(false), check, `connect to workspace "canary" through the satellite, as its owner's clients do`},
		"connectivity: reached":     {verifyConnectivity(), migrated, ownedCanary(true), none, "and reached as its owner's clients do"},
		"connectivity: somebody else's": {verifyConnectivity(), migrated, func(s facts) {
			ownedCanary(false)(s)
			set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.UserID = "another" })
		}, none, "it is somebody else's, and only its owner can connect to it"},
		"connectivity: off, not reached": {verifyConnectivity(), migrated, func(s facts) {
			ownedCanary(false)(s)
			s.ProviderJournal.Value().Canary.Rebuilt = true
			set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.LatestStat.ContainerStatus = coder.ContainerOff })
		}, none, "it is off, and no connection to it was tried"},
		"connectivity: fresh":          {verifyConnectivity(), fresh, asIs, check, "reach the primary"},
		"connectivity: at the primary": {verifyConnectivity(), migrated, atPrimary, none, `the primary answers, and workspace "canary" was rebuilt`},
		"connectivity: primary away":   {verifyConnectivity(), migrated, func(s facts) { atPrimary(s); noVersion(s) }, check, "reach the primary, and see the canary on"},
		"connectivity: the satellite":  {verifyConnectivity(), migrated, notThrough, check, "reach the primary through the satellite, and see the canary on"},
		"connectivity: which canary":   {verifyConnectivity(), migrated, func(s facts) { s.Canary = snapshot.Unknown[snapshot.Canary](errNothing) }, check, "reach"},
		"connectivity: not built":      {verifyConnectivity(), migrated, func(s facts) { s.ProviderJournal.Value().Canary.Asked = false }, check, "reach"},
		"connectivity: off":            {verifyConnectivity(), migrated, func(s facts) { set(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = ptr.To(false) }) }, check, "reach"},
		"connectivity: no canary":      {verifyConnectivity(), migrated, func(s facts) { s.Canary = snapshot.Known(snapshot.Canary{None: true}) }, none, "no canary was asked for"},
		"connectivity: failed": {verifyConnectivity(), migrated, func(s facts) {
			set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.LatestStat.ContainerStatus = coder.ContainerFailed })
		}, check, "reach"},
		"connectivity: switched off since": {verifyConnectivity(), migrated, func(s facts) {
			set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.LatestStat.ContainerStatus = coder.ContainerOff })
		}, none, "was rebuilt"},
		"disable: done":                    {disableNetworkingV2(nil), fresh, asIs, none, "on the legacy path"},
		"disable: migrated":                {disableNetworkingV2(nil), migrated, asIs, change, "switch provider \"sydney\" back"},
		"disable: always on":               {disableNetworkingV2(nil), migrated, func(s facts) { s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0")) }, blocked, "there is no legacy path"},
		"disable: was on before":           {disableNetworkingV2(nil), migrated, func(s facts) { s.ProviderJournal.Value().Before.NetworkingV2 = ptr.To(true) }, blocked, "no legacy path to go back to"},
		"disable: no journal":              {disableNetworkingV2(nil), migrated, func(s facts) { s.ProviderJournal = snapshot.Known[*journal.Record](nil) }, blocked, "--networking-v2-was"},
		"disable: an empty journal":        {disableNetworkingV2(nil), migrated, func(s facts) { s.ProviderJournal = snapshot.Known(&journal.Record{}) }, blocked, "no journal says what it was"},
		"disable: a journal that lacks it": {disableNetworkingV2(nil), migrated, func(s facts) { s.ProviderJournal.Value().Before.NetworkingV2 = nil }, blocked, "no journal says what it was"},
		"disable: the operator says off":   {disableNetworkingV2(ptr.To(false)), migrated, func(s facts) { s.ProviderJournal = snapshot.Known[*journal.Record](nil) }, change, "back"},
		"disable: the operator says on":    {disableNetworkingV2(ptr.To(true)), migrated, asIs, blocked, "no legacy path to go back to"},
		"disable: unknown":                 {disableNetworkingV2(nil), migrated, func(s facts) { s.Provider = snapshot.Unknown[coder.Provider](errNothing) }, blocked, "nothing answers"},
		"restore: at the primary":          {restoreLegacy(false), migrated, atPrimary, none, "connect through the primary"},
		"restore: done":                    {restoreLegacy(false), migrated, asIs, none, "revision 1"},
		"restore: gone":                    {restoreLegacy(false), migrated, recordGone, change, "from its backup b"},
		"restore: none":                    {restoreLegacy(false), migrated, noLegacy, blocked, ""},
		"restore: unknown":                 {restoreLegacy(false), migrated, func(s facts) { s.Legacy = snapshot.Unknown[snapshot.Legacy](errNothing) }, blocked, "nothing answers"},
		"workspaces: never switched":       {awaitWorkspaces(), migrated, asIs, none, "no workspace waits for a rebuild after a switch"},
		"workspaces: unknown": {awaitWorkspaces(), migrated, func(s facts) {
			rebuilding("w")(s)
			s.Workspaces = snapshot.Unknown[[]coder.Workspace](errNothing)
		}, blocked, "is unknown: nothing answers"},
		"workspaces: being rebuilt":    {awaitWorkspaces(), migrated, rebuilding("w"), check, "wait for 1 workspace that the primary rebuilds after the switch"},
		"workspaces: built for others": {awaitWorkspaces(), migrated, rebuilding("x"), none, "1 being built"},
		"legacy path: at the primary":  {verifyLegacyPath(false), migrated, atPrimary, none, "connect through the primary"},
		"legacy path: done":            {verifyLegacyPath(false), migrated, asIs, none, "envproxy is available"},
		"legacy path: not ready": {verifyLegacyPath(false), migrated, func(s facts) {
			set(&s.Legacy, func(l *snapshot.Legacy) { l.Readiness = legacy.Readiness{Problems: []string{"gone"}} })
		}, check, "wait"},
		"legacy path: not ready, forced": {verifyLegacyPath(true), migrated, func(s facts) {
			set(&s.Legacy, func(l *snapshot.Legacy) { l.Readiness = legacy.Readiness{Problems: []string{"gone"}} })
		}, none, "envproxy is available"},
		"legacy path: does not answer": {verifyLegacyPath(false), migrated, func(s facts) {
			set(&s.Legacy, func(l *snapshot.Legacy) {
				l.AccessURL, l.Reach = "https://x", probe.Result{Stage: "TCP", Err: errNothing}
			})
		}, check, "wait"},
		"unregister: done":       {unregisterSatellite(false), fresh, asIs, none, "not registered"},
		"unregister: registered": {unregisterSatellite(false), migrated, asIs, change, `delete the registration "sydney" (SHA256:own)`},
		"unregister: the key is gone": {unregisterSatellite(false), migrated, func(s facts) {
			s.Satellite = snapshot.Known(satellite.State{})
			s.SatelliteJournal.Value().RegistrationID = "r"
		}, change, "delete"},
		"unregister: the key is gone, one of two": {unregisterSatellite(false), migrated, func(s facts) {
			s.Satellite = snapshot.Known(satellite.State{})
			s.Registrations = snapshot.Known([]coder.Satellite{{ID: "l", Name: "london"}, {ID: "r", Name: "sydney"}})
			s.SatelliteJournal.Value().RegistrationID = "r"
		}, change, `delete the registration "sydney"`},
		"unregister: both are gone": {unregisterSatellite(false), migrated, func(s facts) {
			s.Satellite = snapshot.Known(satellite.State{})
			s.SatelliteJournal.Value().RegistrationID = "x"
		}, none, "not registered"},
		"unregister: no key, no journal": {unregisterSatellite(false), migrated, func(s facts) {
			s.Satellite, s.SatelliteJournal = snapshot.Known(satellite.State{}), snapshot.Known[*journal.Record](nil)
		}, none, "not registered"},
		"unregister: not ours":                 {unregisterSatellite(false), migrated, func(s facts) { s.Satellite = snapshot.Known(satellite.State{}) }, none, "not registered"},
		"unregister: unknown":                  {unregisterSatellite(false), migrated, func(s facts) { s.Registrations = snapshot.Unknown[[]coder.Satellite](errNothing) }, blocked, "nothing answers"},
		"uninstall: done":                      {uninstallSatellite(false), fresh, asIs, none, "not installed"},
		"uninstall: installed":                 {uninstallSatellite(false), migrated, asIs, change, "uninstall the release coder-satellite/coder-satellite"},
		"uninstall: failed installation":       {uninstallSatellite(false), fresh, func(s facts) { s.Satellite = snapshot.Known(satellite.State{LastRevision: 1, LastStatus: "failed"}) }, change, "uninstall"},
		"uninstall: unknown":                   {uninstallSatellite(false), migrated, func(s facts) { s.Satellite = snapshot.Unknown[satellite.State](errNothing) }, blocked, "nothing answers"},
		"remove legacy: nothing was previewed": {removeLegacy(), migrated, asIs, blocked, "cannot determine what would be removed"},
		"remove legacy: previewed":             {removeLegacy(), migrated, func(s facts) { s.Removal = snapshot.Known(legacy.Removal{}) }, change, "for good"},
		"remove legacy: unknown":               {removeLegacy(), migrated, func(s facts) { s.Legacy = snapshot.Unknown[snapshot.Legacy](errNothing) }, blocked, "could not be examined: nothing answers"},
		"remove legacy: which of two": {removeLegacy(), migrated, func(s facts) {
			s.Removal = snapshot.Known(legacy.Removal{})
			set(&s.Legacy, func(l *snapshot.Legacy) {
				l.Release, l.Found.Releases = nil, []legacy.Release{{Namespace: "a", Name: "one"}, {Namespace: "b", Name: "two"}}
			})
		}, blocked, "a/one, b/two"},
		"remove legacy: none": {removeLegacy(), migrated, noLegacy, none, "no legacy release"},
	} {
		t.Run(name, func(t *testing.T) {
			s := test.from(t)
			test.but(s)
			got := test.step.Decide(s)
			if got.Action != test.action || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %s: %q, want %s: %q", got.Action, got.Reason, test.action, test.reason)
			}
			if got.Reason == "" {
				t.Error("no reason")
			}
		})
	}
}

// recordElsewhere is what Flux leaves in the satellite's namespace with its default storageNamespace.
func recordElsewhere(x *satellite.State) {
	*x = satellite.State{Workload: true, PublicKey: x.PublicKey, Fingerprint: x.Fingerprint, Control: x.Control}
}

// keyRecorded leaves the satellite's key in Helm's record only.
func keyRecorded(s *snapshot.Snapshot) {
	set(&s.Satellite, func(x *satellite.State) {
		x.RecordedKey, x.RecordedFingerprint, x.PublicKey, x.Fingerprint = x.PublicKey, x.Fingerprint, "", ""
	})
}

// formerKey leaves a registration of this region whose key is gone with its release.
func formerKey(s *snapshot.Snapshot) {
	s.Registrations.Value()[0].Fingerprint = "SHA256:other"
	s.SatelliteJournal.Value().RegistrationID = "r"
}

func noLegacy(s *snapshot.Snapshot) { s.Legacy = snapshot.Known(snapshot.Legacy{}) }

func recordGone(s *snapshot.Snapshot) {
	set(&s.Legacy, func(l *snapshot.Legacy) {
		release := *l.Release
		release.RecordMissing, release.Backup = true, "b"
		l.Release, l.Retention = &release, legacy.Retention{Missing: []string{"the record"}}
	})
}

func otherKey(s *snapshot.Snapshot) {
	set(&s.Endpoint, func(e *snapshot.Endpoint) { e.Key = coder.SatelliteKey{Key: "another", Fingerprint: "SHA256:another"} })
}

func building(s *snapshot.Snapshot) {
	s.ProviderJournal.Value().Canary.Rebuilt = false
	set(&s.Canary, func(c *snapshot.Canary) {
		c.Workspace.Updating, c.Workspace.LatestStat.ContainerStatus = true, coder.ContainerCreating
	})
}

// Decisions come from facts alone: with no facts at all, no step says that all is well.
func TestNothingKnown(t *testing.T) {
	for _, operation := range []Operation{Migrate(false, Refuse), Retain(Refuse), Rollback(RollbackOptions{RemoveSatellite: true, Resume: true}), Remove(false), Finalize(false)} {
		for _, step := range operation.Steps {
			s := &snapshot.Snapshot{Region: fleet.Region{Satellite: fleet.Satellite{Context: "edge"}}}
			got := step.Decide(s)
			if step.Name == "rebuild-canary" && operation.Name != "migrate" {
				continue // nothing calls for it
			}
			if got.Action == v1alpha1.ActionNone {
				t.Errorf("%s: %s says %q though nothing is known", operation.Name, step.Name, got.Reason)
			}
		}
	}
}

// The rule: each condition alone keeps Networking v2 off, and is named.
func TestRule(t *testing.T) {
	if err := mayUseNetworkingV2(migrated(t)); err != nil {
		t.Errorf("a migrated region: %v", err)
	}
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want string
	}{
		"not registered":         {func(s *snapshot.Snapshot) { s.Registrations = snapshot.Known[[]coder.Satellite](nil) }, "the satellite is not registered with the key of its cluster"},
		"registrations unknown":  {func(s *snapshot.Snapshot) { s.Registrations = snapshot.Unknown[[]coder.Satellite](errNothing) }, "the satellite is not registered with the key of its cluster"},
		"another key registered": {func(s *snapshot.Snapshot) { s.Registrations.Value()[0].Fingerprint = "SHA256:other" }, "the satellite is not registered with the key of its cluster"},
		"another key served":     {otherKey, "the access URL serves a different key than the satellite's own"},
		"no key served":          {func(s *snapshot.Snapshot) { set(&s.Endpoint, func(e *snapshot.Endpoint) { e.KeyErr = errNothing }) }, "the access URL does not serve a key: nothing answers"},
		"the API does not answer": {func(s *snapshot.Snapshot) {
			set(&s.Endpoint, func(e *snapshot.Endpoint) { e.Version = snapshot.Unknown[coder.Version](errNothing) })
		}, "the primary's API does not answer through the satellite: nothing answers"},
		"not retained": {func(s *snapshot.Snapshot) {
			set(&s.Legacy, func(l *snapshot.Legacy) { l.Retention = legacy.Retention{Missing: []string{"label"}} })
		}, "the legacy release is not retained: missing label"},
		"the legacy release hides": {func(s *snapshot.Snapshot) { s.Legacy = snapshot.Unknown[snapshot.Legacy](errNothing) }, "the legacy release is not retained: the legacy release could not be examined: nothing answers"},
	} {
		t.Run(name, func(t *testing.T) {
			s := migrated(t)
			test.but(s)
			got := ""
			if err := mayUseNetworkingV2(s); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// rebuilding leaves workspace w being built, after a switch at which the one of that
// ID was running.
func rebuilding(running string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		s.Workspaces = snapshot.Known([]coder.Workspace{{ID: "w", Updating: true}})
		s.ProviderJournal.Value().Switched = &journal.Switch{On: true, LatestBuild: new(time.Time), Running: []string{running}}
	}
}

// ownedCanary makes the canary the operator's own, reached already or not.
func ownedCanary(reached bool) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		s.Primary.Me = snapshot.Known(coder.User{ID: "me", Roles: []string{"site-manager"}})
		set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.UserID = "me" })
		s.ProviderJournal.Value().Canary.Reached = reached
	}
}
