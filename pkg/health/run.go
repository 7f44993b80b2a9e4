package health

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func runChecks() []Check {
	return []Check{{
		Info: v1alpha1.CheckInfo{
			ID: "run-complete", Category: categoryRun, Severity: v1alpha1.SeverityWarning,
			Question:    "Did the last run on the provider succeed?",
			Explanation: "The journal records a run that failed, was interrupted or is in progress. The region obeys the rule nevertheless: Networking v2 is on only with a satellite that is registered and answers, and a legacy release that is retained. A provider has a journal and a lock of its own, in its own cluster. Running the verb again continues from there.",
		},
		Evaluate: runComplete,
	}}
}

func runComplete(s *snapshot.Snapshot) Answer {
	return lastRunEnded(s.ProviderJournal, s.ProviderLock, s.Command)
}

// lastRunEnded judges the last run in a journal; command returns the command line
// that runs a verb again.
func lastRunEnded(noted snapshot.Fact[*journal.Record], held snapshot.Fact[*lock.State], command func(string) string) Answer {
	record, known := noted.Get()
	if !known {
		return unknown(noted.Err(), "")
	}
	if !held.IsKnown() {
		return unknown(held.Err(), "")
	}
	if held := held.Value(); held != nil && held.Holder != "" {
		doing := ""
		if record != nil && record.Operation != "" && record.Outcome == "" {
			doing = fmt.Sprintf("; %s by %s is at step %s", record.Operation, record.Operator, record.Step)
		}
		return warn("wait for it, or take over an abandoned lock with `kubectl coder-satellite unlock`",
			"%s holds the lock since %s%s", held.Holder, held.Acquired.UTC().Format("2006-01-02 15:04:05 MST"), doing)
	}
	switch {
	case record == nil || record.Operation == "":
		return skip("there is no journal: nothing was run here yet")
	case record.Outcome == v1alpha1.OutcomeSucceeded:
		return pass("the last %s, by %s, succeeded", record.Operation, record.Operator)
	case record.Outcome == "":
		return fail(command(record.Operation),
			"the last %s, by %s, stopped without recording a result at step %s", record.Operation, record.Operator, record.Step)
	default:
		return fail(command(record.Operation),
			"the last %s, by %s, ended %s at step %s", record.Operation, record.Operator, record.Outcome, record.Step)
	}
}
