package health

import (
	"cmp"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func runChecks() []Check {
	return in(categoryRun, check("run-complete", warns, statusOnly, func(s *snapshot.Snapshot) Answer {
		return lastRunEnded(s.ProviderJournal, s.ProviderLock, s.Command)
	},
		"Did the last run on the provider succeed?",
		"The journal records a run that failed, was interrupted or is in progress. The region obeys the rule nevertheless: Networking v2 is on only with a satellite that is registered and answers, and a legacy release that is retained. A provider has a journal and a lock of its own, in its own cluster. Running the verb again continues from there."))
}

// lastRunEnded judges the last run in a journal; command returns the command line that runs a verb again.
func lastRunEnded(noted snapshot.Fact[*journal.Record], held snapshot.Fact[*lock.State], command func(string) string) Answer {
	if missing := cmp.Or(noted.Err(), held.Err()); missing != nil {
		return unknown(missing, "")
	}
	record := noted.Value()
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
	}
	ended := "stopped without recording a result"
	if record.Outcome != "" {
		ended = "ended " + string(record.Outcome)
	}
	return fail(command(record.Operation), "the last %s, by %s, %s at step %s", record.Operation, record.Operator, ended, record.Step)
}
