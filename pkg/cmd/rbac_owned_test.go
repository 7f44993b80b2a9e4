package cmd

import (
	"fmt"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A satellite that the Fleet leaves to a controller needs no rights to install it, also where the legacy release is not looked up.
func TestScopeOfOwned(t *testing.T) {
	for declared, reads := range map[string]string{"": "[]", "flux": "[get helmreleases.helm.toolkit.fluxcd.io in namespace edge]", "argocd": "[]"} {
		region := fleet.Region{Name: "sydney", Satellite: fleet.Satellite{Context: "c", Namespace: "edge", Release: "coder", ManagedBy: declared}}
		o := rbacOptions{legacyNamespace: "old", records: "secrets"}
		scope, err := o.scopeOf(t.Context(), &snapshot.Source{Region: region})
		if err != nil || scope.SatelliteOwned != (declared != "") || scope.Legacy != "old" || fmt.Sprint(scope.SatelliteControl) != reads {
			t.Errorf("%q: %+v, %v", declared, scope, err)
		}
		for verb, want := range map[string]bool{"status": true, "history": false, "unlock": false} {
			o.verbs = []string{verb}
			plain := scope
			plain.SatelliteControl = nil
			added := len(o.ofSatellite(scope)) - len(migration.RightsOf(migration.OwnerSatellite, o.verbs, plain))
			if (added > 0) != (want && declared == "flux") {
				t.Errorf("%q, %s: %d more rights", declared, verb, added)
			}
		}
	}
}
