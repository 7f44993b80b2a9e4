package migration

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every step of every operation is complete, and its name is unique within the operation.
func TestStepsAreComplete(t *testing.T) {
	owners := map[Owner]map[string]bool{OwnerSatellite: {}, OwnerProvider: {}}
	for _, operation := range []Operation{Migrate(false, Refuse), Retain(Refuse), Rollback(RollbackOptions{RemoveSatellite: true}), Remove(false), Finalize(false)} {
		var names []string
		for _, step := range operation.Steps {
			if step.Name == "" || len(step.Reads) == 0 || step.Rights == nil || step.Decide == nil || step.Apply == nil {
				t.Errorf("%s: the step %q is not complete", operation.Name, step.Name)
			}
			if slices.Contains(names, step.Name) {
				t.Errorf("%s: two steps are named %q", operation.Name, step.Name)
			}
			names = append(names, step.Name)
			if owners[step.Owner] == nil {
				t.Fatalf("%s: %q belongs to %q", operation.Name, step.Name, step.Owner)
			}
			owners[step.Owner][step.Name] = true
		}
	}
	want := map[string]bool{
		"install-satellite": true, "expose-satellite": true, "register-satellite": true, "verify-satellite": true,
		"unregister-satellite": true, "uninstall-satellite": true,
	}
	if diff := cmp.Diff(want, owners[OwnerSatellite]); diff != "" {
		t.Errorf("the satellite's steps (-want +got):\n%s", diff)
	}
}

// The steps that prove the new path are the switch and what follows it in a migration. No other
// operation has any.
func TestStepsThatProve(t *testing.T) {
	for _, operation := range []Operation{Migrate(false, Refuse), Retain(Refuse), Rollback(RollbackOptions{RemoveSatellite: true}), Remove(false), Finalize(false)} {
		var proving []string
		for _, step := range operation.Steps {
			if step.ProvesNewPath {
				proving = append(proving, step.Name)
			}
		}
		var want []string
		if operation.Name == "migrate" {
			want = []string{"enable-networking-v2", "rebuild-canary", "verify-connectivity"}
		}
		if diff := cmp.Diff(want, proving); diff != "" {
			t.Errorf("%s (-want +got):\n%s", operation.Name, diff)
		}
	}
}
