package rollout

import (
	"context"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Plan plans all regions in parallel. It writes nothing. With diff, it also shows what would change of the satellites'
// manifests. The error is the cause of ctx, if that ended.
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

// newPlan joins the plans of regions; its outcome is the gravest of theirs.
func newPlan(primary v1alpha1.Primary, waves [][]string, regions []v1alpha1.RegionPlan) *v1alpha1.Plan {
	plan := &v1alpha1.Plan{Primary: primary, Outcome: v1alpha1.OutcomeNothingToDo, Waves: waves, Regions: regions}
	for _, region := range regions {
		switch region.Outcome {
		case v1alpha1.OutcomeUnreachable:
			if plan.Outcome != v1alpha1.OutcomePreflightFailed {
				plan.Outcome = v1alpha1.OutcomePartlyFailed
			}
		case v1alpha1.OutcomePreflightFailed:
			plan.Outcome = v1alpha1.OutcomePreflightFailed
		case v1alpha1.OutcomeChangesPending:
			if plan.Outcome == v1alpha1.OutcomeNothingToDo {
				plan.Outcome = v1alpha1.OutcomeChangesPending
			}
		}
	}
	return plan
}
