package migration

import (
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// next returns the one command to type after a report; "" if none is called for.
func next(operation Operation, region fleet.Region, report v1alpha1.RegionReport) string {
	switch report.Outcome {
	case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeLockHeld:
		return region.Command("status")
	case v1alpha1.OutcomeNothingToDo:
		return ""
	case v1alpha1.OutcomePreflightFailed:
		for _, result := range report.Preflight {
			if result.ID == checkCutOff && strings.Contains(result.Hint, " rollback") && operation.Name != "rollback" {
				return result.Hint
			}
			if result.State == v1alpha1.CheckFail {
				return "kubectl coder-satellite explain " + result.ID
			}
		}
		return region.Command("plan")
	default:
		if slices.ContainsFunc(report.Providers, stranded) && report.Outcome != v1alpha1.OutcomeInterrupted {
			return region.Command("rollback")
		}
		return region.Command(operation.Name)
	}
}

// stranded reports whether users are on a path that is not known to answer.
func stranded(provider v1alpha1.ProviderReport) bool {
	after := provider.After
	return after != nil && after.NetworkingV2 == v1alpha1.NetworkingV2On && after.PathAnswers != v1alpha1.FindingYes
}
