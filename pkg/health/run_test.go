package health_test

import (
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// The report on a held lock includes the run in progress according to the journal, but no run
// that ended before.
func TestWhatHoldsTheLock(t *testing.T) {
	const holds = "bob@host/1 holds the lock since 2022-03-04 05:06:07 UTC"
	for name, test := range map[string]struct {
		record *journal.Record
		want   string
	}{
		"a run under way":    {&journal.Record{Operation: "migrate", Operator: "bob", Step: "install-satellite"}, holds + "; migrate by bob is at step install-satellite"},
		"after a run":        {&journal.Record{Operation: "migrate", Operator: "ann", Step: "verify-connectivity", Outcome: v1alpha1.OutcomeSucceeded}, holds},
		"an empty journal":   {&journal.Record{}, holds},
		"before any journal": {nil, holds},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			s.ProviderJournal = snapshot.Known(test.record)
			s.ProviderLock = snapshot.Known(&lock.State{Holder: "bob@host/1", Acquired: time.Date(2022, 3, 4, 5, 6, 7, 0, time.UTC)})
			if got := answer(t, "run-complete", s); got.State != v1alpha1.CheckWarn || got.Message != test.want {
				t.Errorf("%s %q, want %q", got.State, got.Message, test.want)
			}
		})
	}
}
