package health

import (
	"cmp"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func runComplete(s *snapshot.Snapshot) Answer {
	return lastRunEnded(s.ProviderJournal, s.ProviderLock, s.Command)
}

func satelliteRunComplete(s *snapshot.Snapshot) Answer {
	return lastRunEnded(s.SatelliteJournal, s.SatelliteLock, s.Region.Command)
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
	ended := "stopped without recording a result"
	switch {
	case record == nil || record.Operation == "":
		return skip("there is no journal: nothing was run here yet")
	case record.Outcome == v1alpha1.OutcomeSucceeded:
		return pass("the last %s, by %s, succeeded", record.Operation, record.Operator)
	case record.Outcome != "":
		ended = "ended " + string(record.Outcome)
	}
	return fail(command(record.Operation), "the last %s, by %s, %s at step %s", record.Operation, record.Operator, ended, record.Step)
}
