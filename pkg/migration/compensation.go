package migration

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// situation is the input of compensation: what was found when the run began, the facts now, the journal, and what failed.
type situation struct {
	owner       Owner    // the part of the region; empty for all of it
	steps       []Step   // the operation's steps of that part
	failed      string   // the step that failed; empty if a signal ended the run
	begun       []string // the steps that this run began to apply
	before, now *snapshot.Snapshot
	record      *journal.Record // that part's
}

func (s situation) began(step string) bool { return slices.Contains(s.begun, step) }

type act int

// Acts, in the order in which remedies are carried out: first the path of the users; the canary's rebuild last, once nothing
// else changes any more.
const (
	switchOff act = iota
	deleteRegistration
	revertRelease
	uninstallRelease
	bringBackLegacy
	rebuildAgain
)

type remedy struct {
	act          act
	step         string // whose effect it reverts, by its name in reports
	revision     int    // that revertRelease goes back to
	registration string // the ID that deleteRegistration deletes
}

// compensate decides, after a run ended early, what to do in which order so that the rule holds again, and says what could
// not be determined. It depends only on the facts and on the operation's steps. Retention is never reverted.
func compensate(s situation) (todo []remedy, unknown []string) {
	ask := func(step Step) {
		if step.Remedy == nil {
			return
		}
		r, why := step.Remedy(s)
		if r != nil {
			r.step = step.Name
			todo = append(todo, *r)
		}
		if why != "" {
			unknown = append(unknown, why)
		}
	}
	if s.owner != OwnerSatellite {
		ask(enableNetworkingV2()) // first, and after any operation: users depend on the switch
	}
	if s.failed == "" { // the next run continues from what is there
		return todo, unknown
	}
	for _, step := range slices.Backward(s.steps) {
		if step.Name != stepEnable {
			ask(step)
		}
	}
	slices.SortStableFunc(todo, func(a, b remedy) int { return cmp.Compare(a.act, b.act) })
	return todo, unknown
}

// unfinishedSwitch reports whether Networking v2, if it is on, was switched on by an incomplete migration: it was off before.
func unfinishedSwitch(record *journal.Record) bool {
	return record.Before != nil && record.Before.NetworkingV2 != nil && !*record.Before.NetworkingV2 && !record.Migrated
}

// proving reports whether the failed step proves the new path.
func (s situation) proving() bool { return proves(s.steps, s.failed) }

// stillOnError means that Networking v2 could not be switched off after a failure. A report says that first.
type stillOnError struct {
	provider   string
	why, cause error
}

func (e *stillOnError) Error() string {
	return fmt.Sprintf("NETWORKING V2 MAY STILL BE ON: provider %q could not be switched back: %v; it had to be switched back because of: %v",
		e.provider, e.why, e.cause)
}

func (e *stillOnError) Unwrap() error { return e.cause }
