package verify

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Fleet verifies all providers of the survey's regions, each region within the timeout. The error is the cause of ctx's end.
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

// NewReport summarises the regions.
func NewReport(primary v1alpha1.Primary, regions []v1alpha1.RegionVerification) *v1alpha1.VerifyReport {
	report := &v1alpha1.VerifyReport{Primary: primary, Regions: regions, Outcome: v1alpha1.OutcomeSucceeded}
	reached := func(region v1alpha1.RegionVerification) bool { return region.Outcome == v1alpha1.OutcomeSucceeded }
	failed := func(region v1alpha1.RegionVerification) bool { return !reached(region) }
	switch {
	case !slices.ContainsFunc(regions, failed):
	case !slices.ContainsFunc(regions, reached):
		report.Outcome = v1alpha1.OutcomeFailed
	default:
		report.Outcome = v1alpha1.OutcomePartlyFailed
	}
	return report
}

func comparison(satellite, primary *v1alpha1.Connection) string {
	switch {
	case satellite == nil:
		return "there is no satellite to compare"
	case primary == nil || !satellite.Connected || !primary.Connected:
		return "not compared: pings did not come back both ways"
	}
	near, far := satellite.RoundTrip.MedianMicroseconds, primary.RoundTrip.MedianMicroseconds
	ratio := float64(far) / float64(max(near, 1))
	text := fmt.Sprintf("%s through the satellite and %s through the primary",
		time.Duration(near)*time.Microsecond, time.Duration(far)*time.Microsecond)
	if ratio < v1alpha1.MuchNearer {
		return "the satellite is no better from here: " + text + "; you are not in the region, or the satellite is not near it"
	}
	return fmt.Sprintf("the satellite is %.1f times as near from here: %s", ratio, text)
}
