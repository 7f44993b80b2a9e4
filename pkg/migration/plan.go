// Package migration plans and carries out changes of a region: the steps, the pure plan over a snapshot, and the engine that
// applies, journals and undoes steps under locks.
package migration

import (
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// NewRegionPlan returns what the operation would do to the region, from the views of its providers, at least one. A provider
// that fails its preflight is left out unless it is the only one or whole regions are required.
func NewRegionPlan(operation Operation, views []*snapshot.Snapshot) v1alpha1.RegionPlan {
	first := views[0]
	operation = operation.in(first.Region)
	results := health.EvaluateRegion(views, func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		found := operation.preflight(s)
		if slices.ContainsFunc(found, v1alpha1.CheckResult.Failed) {
			found = append(cutOff(s), found...)
		}
		return found
	})
	plan := v1alpha1.RegionPlan{
		Name:      first.Region.Name,
		Satellite: satellitePlan(first),
		Preflight: v1alpha1.Notable(results),
		Steps:     []v1alpha1.StepPlan{preflightStep(results)},
	}
	for _, s := range views {
		plan.Providers = append(plan.Providers, providerPlan(s, results))
	}
	for _, phase := range operation.phases() {
		if phase[0].Owner == OwnerSatellite {
			plan.Steps = append(plan.Steps, operation.decide(phase, first, "")...)
			continue
		}
		for _, s := range views {
			plan.Steps = append(plan.Steps, operation.decide(phase, s, s.ProviderName())...)
		}
	}
	for i, s := range views {
		if switches(plan.Steps, s.ProviderName()) {
			plan.Providers[i].Impact, _ = impact(s) // the step's details say why it is unknown
		}
	}
	plan.Steps = append(plan.Steps, closing(operation, views)...)
	settleOutcomes(operation, &plan, results)
	plan.Fingerprint = fingerprint(plan)
	return plan
}

// LeaveOut returns the plan of a region that cannot be reached for that reason.
func LeaveOut(operation Operation, views []*snapshot.Snapshot, reason error) v1alpha1.RegionPlan {
	plan := NewRegionPlan(operation, views)
	plan.Outcome, plan.Preflight = v1alpha1.OutcomeUnreachable, nil // most checks would only repeat the reason
	plan.Steps = plan.Steps[:1]                                     // the preflight
	plan.Steps[0].Action, plan.Steps[0].Reason = v1alpha1.ActionBlocked, "left out, nothing will be changed: "+reason.Error()
	for i := range plan.Providers {
		plan.Providers[i].Outcome, plan.Providers[i].Impact = v1alpha1.OutcomeUnreachable, nil
	}
	return plan
}

// settleOutcomes fills in the outcomes of the region and of its providers.
func settleOutcomes(operation Operation, plan *v1alpha1.RegionPlan, results []v1alpha1.CheckResult) {
	shared := slices.ContainsFunc(results, func(r v1alpha1.CheckResult) bool { return r.Provider == "" && r.Failed() })
	outcomes := map[v1alpha1.Outcome]int{} // of how many providers
	for i := range plan.Providers {
		provider := &plan.Providers[i]
		if provider.Outcome != v1alpha1.OutcomePreflightFailed && pending(plan.Steps, provider.Name) {
			provider.Outcome = v1alpha1.OutcomeChangesPending
		}
		outcomes[provider.Outcome]++
	}
	switch failed := outcomes[v1alpha1.OutcomePreflightFailed]; {
	case shared, failed == len(plan.Providers), operation.WholeRegions && failed > 0:
		plan.Outcome = v1alpha1.OutcomePreflightFailed
	case pending(plan.Steps, ""), outcomes[v1alpha1.OutcomeChangesPending] > 0:
		plan.Outcome = v1alpha1.OutcomeChangesPending
	case failed > 0:
		plan.Outcome = v1alpha1.OutcomePreflightFailed // the others need nothing
	default:
		plan.Outcome = v1alpha1.OutcomeNothingToDo
	}
}

// pending reports whether a step of the provider, "" for the satellite, would do something.
func pending(steps []v1alpha1.StepPlan, provider string) bool {
	return slices.ContainsFunc(steps, func(step v1alpha1.StepPlan) bool {
		return step.Provider == provider && step.Name != stepPreflight && step.Action != v1alpha1.ActionNone
	})
}

// satellitePlan describes the satellite; nil if there is none.
func satellitePlan(s *snapshot.Snapshot) *v1alpha1.SatellitePlan {
	satellite := s.Region.Satellite
	if satellite.None() {
		return nil
	}
	return &v1alpha1.SatellitePlan{
		Context: satellite.Context, Namespace: satellite.Namespace, Release: satellite.Release, AccessURL: satellite.AccessURL,
		Basis: satelliteBasis(s),
	}
}

// providerPlan describes the provider of s and whether its own checks failed.
func providerPlan(s *snapshot.Snapshot, results []v1alpha1.CheckResult) v1alpha1.ProviderPlan {
	plan := v1alpha1.ProviderPlan{
		Provider: v1alpha1.Provider{ID: s.ProviderID(), Name: s.ProviderName()},
		Context:  s.Declared.Context, Outcome: v1alpha1.OutcomeNothingToDo, Basis: providerBasis(s),
	}
	failed := func(r v1alpha1.CheckResult) bool { return r.Provider == plan.Name && r.Failed() }
	if slices.ContainsFunc(results, failed) {
		plan.Outcome = v1alpha1.OutcomePreflightFailed
	}
	return plan
}

func (o Operation) decide(steps []Step, s *snapshot.Snapshot, provider string) []v1alpha1.StepPlan {
	var plans []v1alpha1.StepPlan
	for _, step := range steps {
		plan := step.Decide(s)
		plan.Name, plan.Provider = step.Name, provider
		if o.diff && step.Show != nil {
			step.Show(s, &plan)
		}
		plans = append(plans, plan)
	}
	return plans
}

// cutOff reports, before the checks that stop the operation, that the provider's users are cut off, and the remedy.
func cutOff(s *snapshot.Snapshot) []v1alpha1.CheckResult {
	record, broken := s.ProviderJournal.Value(), newPath(s).broken
	if record == nil || !unfinishedSwitch(record) || s.Networking() != v1alpha1.NetworkingV2On || broken == nil {
		return nil
	}
	name := s.Provider.Value().Name
	return []v1alpha1.CheckResult{{
		ID: checkCutOff, Provider: s.ProviderName(), Category: "provider", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail,
		Message: fmt.Sprintf("an earlier run switched provider %q to Networking v2, and its users are cut off: %v", name, broken),
		Hint:    s.Command("rollback"),
	}}
}

// checkCutOff is the check of status with the same question.
const checkCutOff = "networking-v2"

// closing returns steps that close what an earlier run left open, a lock or a journal, if all other steps are done.
func closing(operation Operation, views []*snapshot.Snapshot) []v1alpha1.StepPlan {
	var plans []v1alpha1.StepPlan
	add := func(owner Owner, s *snapshot.Snapshot, provider string, held *lock.State, record *journal.Record) {
		steps, reason := operation.of(owner), unfinished(operation, held, record)
		busy := slices.ContainsFunc(steps, func(step Step) bool { return step.Decide(s).Action != v1alpha1.ActionNone })
		if len(steps) > 0 && !busy && reason != "" {
			plans = append(plans, v1alpha1.StepPlan{Name: "close-run", Provider: provider, Action: v1alpha1.ActionChange, Reason: reason})
		}
	}
	add(OwnerSatellite, views[0], "", views[0].SatelliteLock.Value(), views[0].SatelliteJournal.Value())
	for _, s := range views {
		add(OwnerProvider, s, s.ProviderName(), s.ProviderLock.Value(), s.ProviderJournal.Value())
	}
	return plans
}

// unfinished describes what an earlier run left open; "" if nothing.
func unfinished(operation Operation, held *lock.State, record *journal.Record) string {
	if held != nil && held.Holder != "" {
		return fmt.Sprintf("take over the lock of %s if that run is dead, and close its journal", held.Holder)
	}
	if record != nil && record.Operation == operation.Name && record.Outcome != v1alpha1.OutcomeSucceeded {
		return fmt.Sprintf("close the journal of an earlier run by %s, which ended without closing it", record.Operator)
	}
	return ""
}

const stepPreflight = "preflight"

func preflightStep(results []v1alpha1.CheckResult) v1alpha1.StepPlan {
	step := v1alpha1.StepPlan{
		Name:   stepPreflight,
		Action: v1alpha1.ActionNone,
		Reason: fmt.Sprintf("%d checks passed", len(results)-len(v1alpha1.Notable(results))),
	}
	if slices.ContainsFunc(results, v1alpha1.CheckResult.Failed) {
		step.Action = v1alpha1.ActionBlocked
		step.Reason = "checks failed: what depends on them will not be changed"
	}
	return step
}
