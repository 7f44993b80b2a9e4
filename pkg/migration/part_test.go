package migration

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// A message names its provider only if the region has several.
func TestLabel(t *testing.T) {
	of := func(several bool) *part { return &part{owner: OwnerProvider, name: "a", several: several} }
	satellite := &part{owner: OwnerSatellite}
	for want, got := range map[string]string{
		"provider a: resumed": of(true).label("resumed"),
		"resumed":             of(false).label("resumed"),
		"the satellite's":     satellite.label("the satellite's"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Only steps of this part that this run began are undone.
func TestBegunSteps(t *testing.T) {
	var results []v1alpha1.StepResult
	for _, state := range []v1alpha1.StepState{
		v1alpha1.StepAlready, v1alpha1.StepRunning, v1alpha1.StepDone, v1alpha1.StepFailed, v1alpha1.StepInterrupted,
	} {
		results = append(results, v1alpha1.StepResult{Name: string(state), Provider: "a", State: state},
			v1alpha1.StepResult{Name: "other " + string(state), Provider: "b", State: state})
	}
	if diff := cmp.Diff([]string{"Done", "Failed", "Interrupted"}, (&part{name: "a"}).begunSteps(results)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Steps are numbered across the whole region.
func TestIndexOfStep(t *testing.T) {
	p := &part{steps: []Step{{Name: "one"}, {Name: "two"}}, offset: 3}
	for step, want := range map[string]int{"one": 4, "two": 5, "three": 0} {
		if got := p.index(step); got != want {
			t.Errorf("%s is %d, want %d", step, got, want)
		}
	}
}
