package printer_test

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// listed has a provider whose workspaces are known, one that was never switched, and one about
// which nothing is known.
func listed() *v1alpha1.WorkspaceReport {
	at := func(day int) metav1.Time { return metav1.NewTime(time.Date(2022, 3, day, 12, 30, 0, 0, time.UTC)) }
	connected := at(3)
	return &v1alpha1.WorkspaceReport{
		Operation: "list", Primary: primary(), Outcome: v1alpha1.OutcomePartlyFailed,
		Providers: []v1alpha1.ProviderWorkspaces{
			{
				Region: "sydney", Provider: v1alpha1.Provider{ID: "p-1", Name: "sydney"}, NetworkingV2: v1alpha1.NetworkingV2On,
				Adoption: &v1alpha1.Adoption{Total: 5, Adopted: 1, WaitingOn: 1, WaitingOff: 1, Building: 1, Failed: 1},
			},
			{
				Region: "london", Provider: v1alpha1.Provider{ID: "p-2", Name: "london-a"}, NetworkingV2: v1alpha1.NetworkingV2Off,
				Message: "Networking v2 was never switched here: no workspace waits for anything",
			},
			{Region: "ohio", NetworkingV2: v1alpha1.NetworkingV2Unknown, Message: "the provider's workspaces could not be listed: GET coder.example.com/api/v0/workspaces: 502 bad gateway"},
		},
		Workspaces: []v1alpha1.Workspace{
			{ID: "w-1", Name: "broken", Owner: "ann@example.com", Region: "sydney", Provider: "sydney", Container: "FAILED", State: v1alpha1.WorkspaceFailed, LastBuilt: at(1), Reason: "no space left on device"},
			{ID: "w-2", Name: "dev", Owner: "ann@example.com", Region: "sydney", Provider: "sydney", Container: "ON", State: v1alpha1.WorkspaceWaiting, LastBuilt: at(1), LastConnection: &connected},
			{ID: "w-3", Name: "dev", Owner: "bob@example.com", Region: "sydney", Provider: "sydney", Container: "OFF", State: v1alpha1.WorkspaceWaiting, LastBuilt: at(1)},
			{ID: "w-4", Name: "new", Owner: "bob@example.com", Region: "sydney", Provider: "sydney", Container: "CREATING", State: v1alpha1.WorkspaceBuilding, LastBuilt: at(2)},
			{ID: "w-5", Name: "web", Owner: "cid@example.com", Region: "sydney", Provider: "sydney", Container: "ON", State: v1alpha1.WorkspaceAdopted, LastBuilt: at(2), LastConnection: &connected},
		},
	}
}

// rebuilt is a rebuild of the same workspaces, with every possible result.
func rebuilt() *v1alpha1.WorkspaceReport {
	report := listed()
	report.Operation, report.Reason = "rebuild", "the region closes"
	for i, state := range []struct {
		rebuild v1alpha1.RebuildState
		reason  string
	}{
		{v1alpha1.RebuildLeft, "its last build failed: that is for its owner to look at"},
		{v1alpha1.RebuildFailed, `the build of workspace "dev" failed: no image`},
		{v1alpha1.RebuildDone, ""},
		{v1alpha1.RebuildNotStarted, "1 failed before"},
		{v1alpha1.RebuildLeft, "it was built since the switch"},
	} {
		report.Workspaces[i].Rebuild, report.Workspaces[i].Reason = state.rebuild, state.reason
	}
	return report
}

func hostileListed() *v1alpha1.WorkspaceReport {
	return &v1alpha1.WorkspaceReport{
		Operation: "rebuild", Reason: hostile,
		Providers: []v1alpha1.ProviderWorkspaces{{Region: hostile, Provider: v1alpha1.Provider{Name: hostile}, NetworkingV2: hostile, Message: hostile}},
		Workspaces: []v1alpha1.Workspace{{
			ID: hostile, Name: hostile, Owner: hostile, Region: hostile, Provider: hostile, Container: hostile, State: hostile, Rebuild: hostile, Reason: hostile,
		}},
	}
}
