package migration

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestJoin(t *testing.T) {
	const (
		done, nothing, left, failed, partly = v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeNotStarted, v1alpha1.OutcomeFailed, v1alpha1.OutcomePartlyFailed
		held, late, signal                  = v1alpha1.OutcomeLockHeld, v1alpha1.OutcomeTimedOut, v1alpha1.OutcomeInterrupted
	)
	type outcomes = []v1alpha1.Outcome
	for name, test := range map[string]struct {
		of   outcomes
		want v1alpha1.Outcome
	}{
		"none at all":                 {nil, nothing},
		"nothing to do":               {outcomes{nothing, nothing}, nothing},
		"done":                        {outcomes{done, done}, done},
		"done, and nothing to do":     {outcomes{done, nothing}, done},
		"a signal, after a failure":   {outcomes{failed, signal}, signal},
		"a signal, before a failure":  {outcomes{signal, failed}, signal},
		"one left":                    {outcomes{done, left}, signal},
		"one left, nothing to do":     {outcomes{nothing, left}, signal},
		"all left":                    {outcomes{left, left}, signal},
		"failed, and the rest left":   {outcomes{failed, left}, failed},
		"one reason":                  {outcomes{held, held}, held},
		"one reason, the rest left":   {outcomes{held, left}, held},
		"two reasons":                 {outcomes{held, late}, failed},
		"two reasons, one twice":      {outcomes{held, late, late}, failed},
		"done, and failed":            {outcomes{done, held}, partly},
		"nothing to do, and failed":   {outcomes{nothing, held}, partly},
		"a part that failed in parts": {outcomes{partly}, partly},
		"in parts, and done":          {outcomes{partly, done}, partly},
		"in parts, and failed":        {outcomes{held, partly}, partly},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Join(test.of); got != test.want {
				t.Errorf("%v join into %s, want %s", test.of, got, test.want)
			}
		})
	}
}

// runOf is a run on these providers, and on the satellite unless that is nil, with an empty
// report.
func runOf(satellite *part, providers ...*part) *regionRun {
	run := &regionRun{operation: Migrate(false, Refuse), satellite: satellite, providers: providers, report: &v1alpha1.RegionReport{}}
	for _, p := range providers {
		p.owner = OwnerProvider
		p.several = len(providers) > 1
		run.report.Providers = append(run.report.Providers, v1alpha1.ProviderReport{Provider: v1alpha1.Provider{Name: p.name}})
	}
	for i, p := range providers {
		p.report = &run.report.Providers[i]
	}
	return run
}

// If a provider fails before it is the satellite's turn, the satellite has not succeeded, and its
// journal stays unchanged.
func TestCloseLeavesOutWhatWasNotBegun(t *testing.T) {
	for _, begun := range []bool{false, true} {
		written := 0
		satellite := &part{
			owner: OwnerSatellite, begun: begun, Run: Run{Initial: &snapshot.Snapshot{}, Now: &snapshot.Snapshot{}}, record: &journal.Record{RegistrationID: "id"},
			store: func(context.Context, *journal.Record) error { written++; return nil },
		}
		run := runOf(satellite, &part{name: "a", begun: true, err: errBoom})
		run.operation, run.Runner = Rollback(RollbackOptions{RemoveSatellite: true}), &Runner{Clock: clock.RealClock{}}
		run.close(t.Context())
		succeeded := satellite.record.Outcome == v1alpha1.OutcomeSucceeded
		if succeeded != begun || (written > 0) != begun || !begun && satellite.record.RegistrationID != "id" {
			t.Errorf("begun: %t; written %d times: %+v", begun, written, satellite.record)
		}
	}
}

// The final outcome in the report, for a region and for each of its providers.
func TestConclude(t *testing.T) {
	type said struct {
		Outcome v1alpha1.Outcome
		Error   string
	}
	held := &lock.HeldError{Holder: "bob"}
	const left = "not started because of an earlier failure: install-satellite"
	kept := func(name string) *part { return &part{name: name, err: &notStartedError{errors.New(left)}} }
	well, failed := said{Outcome: v1alpha1.OutcomeSucceeded}, said{v1alpha1.OutcomeFailed, "boom"}
	for name, test := range map[string]struct {
		run          *regionRun
		nothingBegun error
		want         []said // of the region, then of each provider
	}{
		"all is well":                    {runOf(&part{}, &part{name: "a"}, &part{name: "b"}), nil, []said{well, well, well}},
		"no satellite's steps":           {runOf(nil, &part{name: "a"}), nil, []said{well, well}},
		"the one provider fails":         {runOf(&part{}, &part{name: "a", err: errBoom}), nil, []said{failed, failed}},
		"one of two fails":               {runOf(&part{}, &part{name: "a"}, &part{name: "b", err: errBoom}), nil, []said{{v1alpha1.OutcomePartlyFailed, "provider b: boom"}, well, failed}},
		"both fail":                      {runOf(nil, &part{name: "a", err: errBoom}, &part{name: "b", err: errBoom}), nil, []said{{v1alpha1.OutcomeFailed, "provider a: boom\nprovider b: boom"}, failed, failed}},
		"the satellite fails":            {runOf(&part{err: errBoom}, kept("a")), nil, []said{failed, {v1alpha1.OutcomeNotStarted, left}}},
		"the satellite fails last":       {runOf(&part{err: errBoom}, &part{name: "a"}), nil, []said{failed, well}},
		"the satellite fails, and one":   {runOf(&part{err: errBoom}, &part{name: "a", err: held}, kept("b")), nil, []said{failed, {v1alpha1.OutcomeLockHeld, held.Error()}, {v1alpha1.OutcomeNotStarted, left}}},
		"nothing was begun":              {runOf(&part{}, &part{name: "a"}), errBoom, []said{failed, failed}},
		"nothing was begun, without it":  {runOf(nil, &part{name: "a"}), errBoom, []said{failed, failed}},
		"nothing was begun, for another": {runOf(nil, &part{name: "a", err: held}, &part{name: "b"}), errBoom, []said{{v1alpha1.OutcomeFailed, "provider a: " + held.Error() + "\nprovider b: boom"}, {v1alpha1.OutcomeLockHeld, held.Error()}, failed}},
	} {
		t.Run(name, func(t *testing.T) {
			test.run.conclude(test.nothingBegun)
			got := []said{{test.run.report.Outcome, test.run.report.Error}}
			for _, provider := range test.run.report.Providers {
				got = append(got, said{provider.Outcome, provider.Error})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The report describes the satellite as it was seen last, by whichever part read it. Each
// provider is described by its own part.
func TestReportStates(t *testing.T) {
	looked := func(s *snapshot.Snapshot) *part { return &part{name: "a", Run: Run{Initial: s, Now: s}} }
	asked := looked(fresh(t)) // a registration was requested, but the answer was lost
	asked.registering = true
	const yes, no, unknown = v1alpha1.FindingYes, v1alpha1.FindingNo, v1alpha1.FindingUnknown
	for name, test := range map[string]struct {
		run        *regionRun
		registered v1alpha1.Finding
		networking v1alpha1.NetworkingV2 // of the provider
	}{
		"the satellite alone":       {runOf(looked(fresh(t)), &part{name: "a"}), no, ""},
		"asked, without an answer":  {runOf(asked, &part{name: "a"}), unknown, ""},
		"the provider looked later": {runOf(looked(fresh(t)), looked(migrated(t))), yes, v1alpha1.NetworkingV2On},
		"the provider alone":        {runOf(nil, looked(migrated(t))), yes, v1alpha1.NetworkingV2On},
		"the satellite not at all":  {runOf(&part{}, looked(fresh(t))), no, v1alpha1.NetworkingV2Off},
		"nobody looked":             {runOf(&part{}, &part{name: "a"}), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			test.run.reportStates() // without a satellite in the report it does nothing
			test.run.report.Satellite = &v1alpha1.SatelliteReport{}
			test.run.reportStates()
			var registered v1alpha1.Finding
			if after := test.run.report.Satellite.After; after != nil {
				registered = after.Registered
			}
			var networking v1alpha1.NetworkingV2
			if after := test.run.report.Providers[0].After; after != nil {
				networking = after.NetworkingV2
			}
			if registered != test.registered || networking != test.networking {
				t.Errorf("registered %q, networking %q; want %q, %q", registered, networking, test.registered, test.networking)
			}
		})
	}
}

// TestLatest: the report describes the satellite as it was seen last. A rollback ends with the
// satellite's steps and a migration with a provider's. After a failure, the parts that failed
// read once more.
func TestLatest(t *testing.T) {
	for name, test := range map[string]struct {
		operation                   Operation
		satellite, first, second    int // seconds; negative if the part was not started
		fromSatellite, fromProvider bool
	}{
		"a migration":                      {Migrate(false, Refuse), 1, 2, 3, false, true},
		"at the same instant":              {Migrate(false, Refuse), 1, 1, 1, false, true},
		"a satellite that failed":          {Migrate(false, Refuse), 4, 2, 3, true, false},
		"a rollback that removes it":       {Rollback(RollbackOptions{RemoveSatellite: true}), 3, 1, 2, true, false},
		"removed at the same instant":      {Rollback(RollbackOptions{RemoveSatellite: true}), 1, 1, 1, true, false},
		"a provider that kept it in place": {Rollback(RollbackOptions{RemoveSatellite: true}), 1, 2, 3, false, true},
		"none begun":                       {Migrate(false, Refuse), -1, -1, -1, false, false},
		"the satellite alone":              {Migrate(false, Refuse), 1, -1, -1, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			at := func(owner Owner, second int) *part {
				p := &part{owner: owner}
				if second >= 0 {
					p.Now = &snapshot.Snapshot{Taken: time.Unix(int64(second), 0)}
					p.Initial = p.Now
				}
				return p
			}
			run := &regionRun{
				operation: test.operation, satellite: at(OwnerSatellite, test.satellite),
				providers: []*part{at(OwnerProvider, test.first), at(OwnerProvider, test.second)},
			}
			got := run.latest()
			is := func(p *part) bool { return p.Initial != nil && got == p.Now }
			if is(run.satellite) != test.fromSatellite || is(run.providers[1]) != test.fromProvider {
				t.Errorf("got %+v", got)
			}
		})
	}
}
