package verify

import (
	"context"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Fleet verifies all providers of the survey's regions, each region within the timeout. The error
// is the cause of ctx, if that ended.
func Fleet(ctx context.Context, survey *snapshot.Survey, options Options, timeout time.Duration) (*v1alpha1.VerifyReport, error) {
	stun := sync.OnceValues(func() ([]string, error) { // once for all, within the time of one
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return survey.Regions()[0].Sources[0].Primary.STUNServers(ctx)
	})
	regions := make([][]v1alpha1.RegionVerification, len(survey.Regions()))
	err := survey.Each(ctx, timeout, func(ctx context.Context, i int, region *snapshot.Region) {
		regions[i] = make([]v1alpha1.RegionVerification, len(region.Sources))
		var group sync.WaitGroup
		for j, source := range region.Sources {
			group.Go(func() { regions[i][j] = Provider(ctx, source, options, stun) })
		}
		group.Wait()
	})
	if err != nil {
		return nil, err
	}
	return NewReport(survey.Primary(ctx).Document(), slices.Concat(regions...)), nil
}

// NewReport sums the regions up.
func NewReport(primary v1alpha1.Primary, regions []v1alpha1.RegionVerification) *v1alpha1.VerifyReport {
	report := &v1alpha1.VerifyReport{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindVerifyReport},
		Primary:  primary, Regions: regions, Outcome: v1alpha1.OutcomeSucceeded,
	}
	reached := 0
	for _, region := range regions {
		if region.Outcome == v1alpha1.OutcomeSucceeded {
			reached++
		}
	}
	switch {
	case reached == len(regions):
	case reached == 0:
		report.Outcome = v1alpha1.OutcomeFailed
	default:
		report.Outcome = v1alpha1.OutcomePartlyFailed
	}
	return report
}
