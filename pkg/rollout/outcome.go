package rollout

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"

// Outcome joins the regions' outcomes into the command's: a signal
// first; PartlyFailed when some regions are done and some are not; and the
// shared reason when all that did not succeed share one.
func Outcome(reports []v1alpha1.RegionReport) v1alpha1.Outcome {
	var (
		done, nothing, left int
		reason              v1alpha1.Outcome
	)
	for _, report := range reports {
		switch outcome := report.Outcome; {
		case outcome == v1alpha1.OutcomeInterrupted:
			return v1alpha1.OutcomeInterrupted
		case outcome == v1alpha1.OutcomeNothingToDo:
			nothing++
		case succeeded(outcome):
			done++
		case outcome == v1alpha1.OutcomeNotStarted:
			left++
		case reason == "" || reason == outcome:
			reason = outcome
		default:
			reason = v1alpha1.OutcomeFailed
		}
	}
	switch {
	case reason == "" && done == 0 && nothing == len(reports):
		return v1alpha1.OutcomeNothingToDo
	case reason == "" && left > 0: // nothing failed, so it was a signal that kept them
		return v1alpha1.OutcomeInterrupted
	case reason == "":
		return v1alpha1.OutcomeSucceeded
	case done+nothing > 0:
		return v1alpha1.OutcomePartlyFailed
	default:
		return reason
	}
}

func succeeded(outcome v1alpha1.Outcome) bool {
	return outcome == v1alpha1.OutcomeSucceeded || outcome == v1alpha1.OutcomeNothingToDo
}
