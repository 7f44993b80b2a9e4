package snapshot

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

func TestScope(t *testing.T) {
	region := fleet.Region{Satellite: fleet.Satellite{Context: "c", Namespace: "edge"}}
	release := &legacy.Release{Namespace: "old", RecordMissing: true}
	provider := Known(coder.Provider{Config: coder.ProviderConfig{DefaultNamespace: "workspaces"}})
	forbidden := errors.New("forbidden")
	for name, test := range map[string]struct {
		s    Snapshot
		want Scope
	}{
		"nothing known": {Snapshot{Legacy: Unknown[Legacy](forbidden), Satellite: Unknown[satellite.State](forbidden)}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "default", Legacy: "default"}},
		"may not look": {
			Snapshot{Legacy: Unknown[Legacy](forbidden), Provider: provider, Satellite: Known(satellite.State{NamespacePhase: "Active"})},
			Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "workspaces"},
		},
		"nothing legacy": {Snapshot{Legacy: Known(Legacy{}), Provider: provider}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces"}},
		"uninstalled":    {Snapshot{Legacy: Known(Legacy{Release: release}), Provider: provider}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "old", Restore: true}},
		"no namespace":   {Snapshot{Legacy: Known(Legacy{}), Satellite: Known(satellite.State{})}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "default", NewNamespace: true}},
		"Argo CD's": {
			Snapshot{Legacy: Known(Legacy{}), Provider: provider, Satellite: Known(satellite.State{NamespacePhase: "Active", Control: gitops.Control{Owner: gitops.Owner{Tool: gitops.ArgoCD}}})},
			Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", SatelliteOwned: true,
				SatelliteControl: []cluster.Rule{{Group: "argoproj.io", Resource: "applications", Namespace: "argocd", Verb: "get"}}},
		},
		"Flux's, from another cluster": {
			Snapshot{Legacy: Known(Legacy{}), Provider: provider, Satellite: Known(satellite.State{NamespacePhase: "Active", Control: gitops.Control{
				Owner: gitops.Owner{Tool: gitops.Flux, Namespace: "hub", Name: "a"}, Err: &gitops.AbsentError{},
			}})},
			Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", SatelliteOwned: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.s.Region = region
			if diff := cmp.Diff(test.want, test.s.Scope(cluster.DriverSecrets)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A satellite that the Fleet leaves to a controller needs no rights to install, even if it cannot be examined.
func TestScopeOfDeclared(t *testing.T) {
	site := fleet.Satellite{Context: "c", Namespace: "edge", Release: "coder"}
	for declared, want := range map[string]gitops.Owner{
		"": {}, "helm": {}, "flux": {Tool: gitops.Flux, Namespace: "edge", Name: "coder"}, "argocd": {Tool: gitops.ArgoCD, Name: "coder-satellite-sydney-2"},
	} {
		site.ManagedBy = declared
		s := Snapshot{Region: fleet.Region{Name: "Sydney.2", Satellite: site}, Satellite: Unknown[satellite.State](errors.New("forbidden"))}
		scope := s.Scope(cluster.DriverSecrets)
		if got := DeclaredOwner(s.Region); got != want || scope.SatelliteOwned != want.Exists() || scope.OfSatellite().Owned != want.Exists() {
			t.Errorf("%q: %v, %+v", declared, got, scope)
		}
	}
}
