package migration

import (
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// What a controller installs is never the migration's own, so that no later run uninstalls it.
func TestOwnedIsNotCreated(t *testing.T) {
	s := fresh(t)
	if before := beforeOfSatellite(s); before.SatelliteRecords == nil || *before.SatelliteRecords != 0 {
		t.Errorf("ours: %+v", before)
	}
	fluxInstalls(func(x *satellite.State) { x.Control.Declared = true })(s)
	if before := beforeOfSatellite(s); before.SatelliteRecords != nil {
		t.Errorf("Flux's: %d records", *before.SatelliteRecords)
	}
}

// Removal is refused before anything is changed, and names the way.
func TestRemovalOfOwned(t *testing.T) {
	deletes := func(owner, command string) string {
		return "once no provider uses it (`kubectl coder-satellite rollback --context sydney`), delete " + owner + " in Git, and then run `" + command +
			"` if it is still there; then `kubectl coder-satellite remove --context sydney` deletes its registration"
	}
	unmark := func(command string) string {
		return "; it is not in this cluster: if it is in no other either, remove its mark with `kubectl --context sydney --namespace coder-satellite " + command +
			"`, then run `kubectl coder-satellite remove --context sydney`"
	}
	flux := deletes("Flux's HelmRelease coder/coder", "flux --context sydney --namespace coder delete helmrelease coder")
	argo := gitops.Owner{Tool: gitops.ArgoCD, Name: "sydney"}
	for _, test := range []struct {
		but  func(*satellite.State)
		hint string
	}{
		{func(*satellite.State) {}, flux},
		{func(x *satellite.State) {
			x.Workload, x.Control.Err = true, &gitops.AbsentError{Owner: x.Control.Owner}
		},
			flux + unmark("label deployment coderd helm.toolkit.fluxcd.io/name- helm.toolkit.fluxcd.io/namespace-")},
		{func(x *satellite.State) { x.Workload, x.Control.Err = true, errNothing }, flux},
		{func(x *satellite.State) {
			x.Workload, x.Control = true, gitops.Control{Owner: argo, Err: apierrors.NewNotFound(schema.GroupResource{}, "sydney")}
		}, deletes(argo.String(), "argocd app delete sydney") + unmark("annotate deployment coderd argocd.argoproj.io/tracking-id-")},
		{func(x *satellite.State) { x.Control.Declared = true },
			"set managedBy: helm in the Fleet (or --satellite helm), or leave it out; then `kubectl coder-satellite remove --context sydney` uninstalls the release"},
	} {
		for _, operation := range []Operation{Remove(true), Rollback(RollbackOptions{RemoveSatellite: true})} {
			s := migrated(t)
			fluxInstalls(test.but)(s)
			results := operation.preflight(s)
			i := slices.IndexFunc(results, func(r v1alpha1.CheckResult) bool { return r.ID == "satellite-owner" })
			if i < 0 {
				t.Errorf("%s is not refused: %+v", operation.Name, results)
			} else if results[i].State != v1alpha1.CheckFail || results[i].Hint != test.hint {
				t.Errorf("%s: %+v", operation.Name, results[i])
			}
		}
	}
}

// What only the operator can do is asked for at once, and "commit it" only if the object is certainly not there.
func TestWaitForOwned(t *testing.T) {
	forbidden, absent := apierrors.NewForbidden(schema.GroupResource{}, "coder", errNothing), &gitops.AbsentError{}
	const change, commit = "change it in Git (`kubectl coder-satellite export flux --context sydney` writes it), or the Fleet", "commit it to Git"
	toCome := func(x *satellite.State) { *x = satellite.State{Control: x.Control}; x.Control.Declared = true }
	for name, test := range map[string]struct {
		but    func(*satellite.State)
		manual bool
		says   string // at the end
	}{
		"not ready":           {func(*satellite.State) {}, true, change + "; then wait until Flux has applied it"},
		"at it":               {func(x *satellite.State) { x.Control.Busy = true }, false, "says: no chart"},
		"forbidden":           {func(x *satellite.State) { x.Control.Err = forbidden }, true, change},
		"elsewhere":           {func(x *satellite.State) { x.Control.Err = absent }, true, change},
		"suspended":           {func(x *satellite.State) { x.Control.Suspended = true }, true, "resume helmrelease coder`"},
		"to come":             {toCome, false, "says: no chart"},
		"to come, suspended":  {func(x *satellite.State) { toCome(x); x.Control.Suspended = true }, true, "resume helmrelease coder`"},
		"to come, forbidden":  {func(x *satellite.State) { toCome(x); x.Control.Err = forbidden }, true, change},
		"to come, not in Git": {func(x *satellite.State) { toCome(x); x.Control.Err = absent }, true, commit + ": `kubectl coder-satellite export flux --context sydney` writes it"},
	} {
		s := migrated(t)
		fluxInstalls(func(x *satellite.State) { x.Values = nil; test.but(x) })(s)
		got := installedByOwner(s)
		if got == nil || is[*manualError](got) != test.manual || !strings.HasSuffix(got.Error(), test.says) {
			t.Errorf("%s: manual %t: %v", name, is[*manualError](got), got)
		}
	}
}

// A failure says that the satellite stays only if there is one.
func TestOwnedStays(t *testing.T) {
	for want, but := range map[string]func(*satellite.State){
		"": func(x *satellite.State) { *x = satellite.State{Control: x.Control} },
		"the satellite's release stays as it is: Flux's HelmRelease coder/coder owns it": func(*satellite.State) {},
	} {
		now := migrated(t)
		fluxInstalls(but)(now)
		todo, why := revertInstall(situation{begun: []string{stepInstall}, before: fresh(t), now: now})
		if todo != nil || why != want {
			t.Errorf("%+v, %q, want %q", todo, why, want)
		}
	}
}
