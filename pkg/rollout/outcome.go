package rollout

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// Outcome joins the regions' outcomes into the command's.
func Outcome(reports []v1alpha1.RegionReport) v1alpha1.Outcome {
	outcomes := make([]v1alpha1.Outcome, len(reports))
	for i, report := range reports {
		outcomes[i] = report.Outcome
	}
	return migration.Join(outcomes)
}

func succeeded(outcome v1alpha1.Outcome) bool {
	return outcome == v1alpha1.OutcomeSucceeded || outcome == v1alpha1.OutcomeNothingToDo
}
