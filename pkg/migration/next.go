package migration

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// next returns the one command to type after a report; "" if none is called for.
func next(operation Operation, region fleet.Region, report v1alpha1.RegionReport) string {
	switch report.Outcome {
	case v1alpha1.OutcomeSucceeded:
		return region.Command("status")
	case v1alpha1.OutcomeNothingToDo:
		return ""
	case v1alpha1.OutcomePreflightFailed:
		for _, result := range report.Preflight {
			if result.State == v1alpha1.CheckFail {
				return "kubectl coder-satellite explain " + result.ID
			}
		}
		return region.Command("plan")
	case v1alpha1.OutcomeLockHeld:
		return region.Command("status")
	default:
		return region.Command(operation.Name)
	}
}

func nowTime(c clock.PassiveClock) metav1.Time { return metav1.NewTime(c.Now()) }
