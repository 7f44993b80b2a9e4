package rollout

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestOutcome(t *testing.T) {
	const (
		done, nothing, failed = v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeFailed
		held, preflight       = v1alpha1.OutcomeLockHeld, v1alpha1.OutcomePreflightFailed
		late, stopped, left   = v1alpha1.OutcomeTimedOut, v1alpha1.OutcomeInterrupted, v1alpha1.OutcomeNotStarted
		away                  = v1alpha1.OutcomeUnreachable
	)
	for name, test := range map[string]struct {
		outcomes []v1alpha1.Outcome
		want     v1alpha1.Outcome
	}{
		"all done":                           {[]v1alpha1.Outcome{done, done}, done},
		"nothing to do":                      {[]v1alpha1.Outcome{nothing, nothing}, nothing},
		"some had nothing to do":             {[]v1alpha1.Outcome{nothing, done}, done},
		"all failed":                         {[]v1alpha1.Outcome{failed, failed}, failed},
		"some failed":                        {[]v1alpha1.Outcome{done, failed}, v1alpha1.OutcomePartlyFailed},
		"some had nothing to do, one failed": {[]v1alpha1.Outcome{nothing, failed}, v1alpha1.OutcomePartlyFailed},
		"some partly":                        {[]v1alpha1.Outcome{done, v1alpha1.OutcomePartlyFailed}, v1alpha1.OutcomePartlyFailed},
		"one partly":                         {[]v1alpha1.Outcome{v1alpha1.OutcomePartlyFailed}, v1alpha1.OutcomePartlyFailed},
		"one partly, one failed":             {[]v1alpha1.Outcome{v1alpha1.OutcomePartlyFailed, failed}, v1alpha1.OutcomePartlyFailed},
		"the lock is held":                   {[]v1alpha1.Outcome{held}, held},
		"the lock of all is held":            {[]v1alpha1.Outcome{held, held}, held},
		"one lock is held":                   {[]v1alpha1.Outcome{done, held}, v1alpha1.OutcomePartlyFailed},
		"one held, one failed":               {[]v1alpha1.Outcome{held, failed}, failed},
		"timed out, others not started":      {[]v1alpha1.Outcome{late, left}, late},
		"failed, others not started":         {[]v1alpha1.Outcome{failed, left}, failed},
		"done, failed, not started":          {[]v1alpha1.Outcome{done, failed, left}, v1alpha1.OutcomePartlyFailed},
		"done, and one left out":             {[]v1alpha1.Outcome{done, away}, v1alpha1.OutcomePartlyFailed},
		"nothing to do, and one left out":    {[]v1alpha1.Outcome{away, nothing}, v1alpha1.OutcomePartlyFailed},
		"all left out":                       {[]v1alpha1.Outcome{away, away}, v1alpha1.OutcomePartlyFailed},
		"failed, and one left out":           {[]v1alpha1.Outcome{away, failed}, failed},
		"a lock held, and one left out":      {[]v1alpha1.Outcome{held, away}, held},
		"done, failed, left out":             {[]v1alpha1.Outcome{done, failed, away}, v1alpha1.OutcomePartlyFailed},
		"a signal, and one left out":         {[]v1alpha1.Outcome{done, away, left}, stopped},
		"preflight":                          {[]v1alpha1.Outcome{preflight, left}, preflight},
		"a signal":                           {[]v1alpha1.Outcome{done, stopped, left}, stopped},
		"a signal and a failure":             {[]v1alpha1.Outcome{failed, stopped}, stopped},
		"a signal before anything began":     {[]v1alpha1.Outcome{left, left}, stopped},
		"a signal between two waves":         {[]v1alpha1.Outcome{done, left}, stopped},
	} {
		t.Run(name, func(t *testing.T) {
			var reports []v1alpha1.RegionReport
			for _, outcome := range test.outcomes {
				reports = append(reports, v1alpha1.RegionReport{Outcome: outcome})
			}
			if got := Outcome(reports); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
