package printer_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// The sentences at the end say what did not happen and what is unknown.
func TestSentences(t *testing.T) {
	provider := v1alpha1.ProviderPlan{Provider: v1alpha1.Provider{Name: "pool"}, Outcome: v1alpha1.OutcomeChangesPending}
	known := provider
	known.Name, known.Impact = "other", &v1alpha1.Impact{Workspaces: 2, On: 1, Users: 1}
	enable := func(name string) v1alpha1.StepPlan {
		return v1alpha1.StepPlan{Name: "enable-networking-v2", Provider: name, Action: v1alpha1.ActionChange}
	}
	for want, document := range map[string]runtime.Object{
		"It is unknown whom switching 1 more provider affects: pool.": &v1alpha1.Plan{Regions: []v1alpha1.RegionPlan{{
			Name: "sydney", Outcome: v1alpha1.OutcomeChangesPending, Providers: []v1alpha1.ProviderPlan{provider, known},
			Steps: []v1alpha1.StepPlan{enable("pool"), enable("other")},
		}}},
		"2 of 2 regions would be left out, because a cluster does not answer: sydney, london.": &v1alpha1.Plan{Regions: []v1alpha1.RegionPlan{
			{Name: "sydney", Outcome: v1alpha1.OutcomeUnreachable}, {Name: "london", Outcome: v1alpha1.OutcomeUnreachable},
		}},
		"migrate: nothing was done, because in every region a cluster does not answer: sydney, london.": &v1alpha1.MigrationReport{
			Operation: "migrate", Outcome: v1alpha1.OutcomePartlyFailed, Regions: []v1alpha1.RegionReport{
				{Name: "sydney", Outcome: v1alpha1.OutcomeUnreachable}, {Name: "london", Outcome: v1alpha1.OutcomeUnreachable},
			},
		},
		"migrate: partly failed; 1 of 2 regions done; not done: london.": &v1alpha1.MigrationReport{
			Operation: "migrate", Outcome: v1alpha1.OutcomePartlyFailed, Regions: []v1alpha1.RegionReport{
				{Name: "sydney", Outcome: v1alpha1.OutcomeSucceeded}, {Name: "london", Outcome: v1alpha1.OutcomeUnreachable},
			},
		},
	} {
		if got := string(show(t, "", printer.Options{}, document)); !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

// A hint for several regions names them all. A hint for one of several providers stays unchanged.
func TestHintsNameAllRegions(t *testing.T) {
	status := func(region, provider, flags string) v1alpha1.RegionStatus {
		check := v1alpha1.CheckResult{
			ID: "networking-v2", Provider: provider, State: v1alpha1.CheckFail, Severity: v1alpha1.SeverityError,
			Message: "off", Hint: "back: `kubectl coder-satellite rollback -f f.yaml --region " + region + flags + "`, and migrate again",
		}
		providers := []v1alpha1.ProviderStatus{{}, {}}
		return v1alpha1.RegionStatus{Name: region, Outcome: v1alpha1.OutcomeFailed, Checks: []v1alpha1.CheckResult{check}, Providers: providers}
	}
	for want, document := range map[string]*v1alpha1.StatusReport{
		"--region a,b`, and":         {Regions: []v1alpha1.RegionStatus{status("a", "", ""), status("b", "", "")}},
		"--region a,b --force`, and": {Regions: []v1alpha1.RegionStatus{status("a", "", " --force"), status("b", "", " --force")}},
		"--region a --provider x`":   {Regions: []v1alpha1.RegionStatus{status("a", "x", " --provider x"), status("b", "x", " --provider x")}},
	} {
		if got := strings.Join(strings.Fields(string(show(t, "", printer.Options{}, document))), " "); !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}
