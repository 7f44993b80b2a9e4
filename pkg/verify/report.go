package verify

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

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
