package migration

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A plan lists below a step everything that the step would change.
func TestDetails(t *testing.T) {
	s := fresh(t)
	s.Removal = snapshot.Known(legacy.Removal{
		Goes:  []legacy.ObjectRef{{Kind: "Deployment", Name: "envproxy"}},
		Stays: []legacy.Kept{{Object: legacy.ObjectRef{Kind: "Role", Name: "coder"}, Reason: "workspaces need it"}},
	})
	for name, test := range map[string]struct {
		step Step
		want []string
	}{
		"retain": {retainLegacy(Refuse), []string{"missing: no backup"}},
		"remove": {removeLegacy(), []string{"removed: Deployment/envproxy", "kept: Role/coder (workspaces need it)"}},
	} {
		if diff := cmp.Diff(test.want, test.step.Decide(s).Details); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The objects that the chart would create are shown in addition to the step's own details.
func TestShowRendering(t *testing.T) {
	s := fresh(t)
	s.Rendering = snapshot.Known(satellite.Rendering{Diff: "+kind: Deployment", Objects: []string{"create Deployment coderd"}})
	plan := v1alpha1.StepPlan{Details: []string{"coderd.replicas: 1"}}
	installSatellite().Show(s, &plan)
	want := v1alpha1.StepPlan{Details: []string{"coderd.replicas: 1", "create Deployment coderd"}, Diff: "+kind: Deployment"}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
