package rollout

import (
	"context"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Plan plans all regions in parallel and writes nothing. With diff, the plan also shows changes of manifests.
// The error is the cause of ctx's end.
func (r *Rollout) Plan(ctx context.Context, diff bool) (*v1alpha1.Plan, error) {
	views, err := r.Survey.Collect(ctx, 0, r.Operation.Items...)
	if err != nil {
		return nil, err
	}
	plans := make([]v1alpha1.RegionPlan, len(views))
	err = r.Survey.Each(ctx, 0, func(ctx context.Context, i int, region *snapshot.Region) {
		if err := snapshot.NoAnswer(views[i], r.Operation.ChangesSatellites()); r.SkipUnreachable && err != nil {
			plans[i] = migration.LeaveOut(r.Operation, views[i], err)
			return
		}
		plans[i] = r.Operation.Plan(ctx, region, views[i], diff)
	})
	if err != nil {
		return nil, err
	}
	return newPlan(r.Survey.Primary(ctx).Document(), r.Waves, plans), nil
}

// newPlan joins the plans of regions. The most severe outcome wins; an unreachable region counts as a part that failed.
func newPlan(primary v1alpha1.Primary, waves [][]string, regions []v1alpha1.RegionPlan) *v1alpha1.Plan {
	plan := &v1alpha1.Plan{Primary: primary, Outcome: v1alpha1.OutcomeNothingToDo, Waves: waves, Regions: regions}
	bySeverity := []v1alpha1.Outcome{
		v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeChangesPending, v1alpha1.OutcomePartlyFailed, v1alpha1.OutcomePreflightFailed,
	}
	for _, region := range regions {
		outcome := region.Outcome
		if outcome == v1alpha1.OutcomeUnreachable {
			outcome = v1alpha1.OutcomePartlyFailed
		}
		if slices.Index(bySeverity, outcome) > slices.Index(bySeverity, plan.Outcome) {
			plan.Outcome = outcome
		}
	}
	return plan
}
