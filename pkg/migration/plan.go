// Package migration plans and carries out what changes a region: its steps,
// the pure plan over a snapshot, and the engine that applies, journals and
// undoes steps under a lock.
package migration

import (
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// NewRegionPlan says what the operation would do to the region, from the
// snapshot alone.
func NewRegionPlan(operation Operation, s *snapshot.Snapshot) v1alpha1.RegionPlan {
	plan := v1alpha1.RegionPlan{
		Name:      s.Region.Name,
		Context:   s.Region.Context,
		Namespace: s.Region.Namespace,
		Release:   s.Region.Release,
		AccessURL: s.Region.AccessURL,
		Provider:  v1alpha1.Provider{ID: s.Provider.Value().ID, Name: s.Provider.Value().Name},
		Outcome:   v1alpha1.OutcomeNothingToDo,
		Basis:     basisOf(s),
	}
	plan.Fingerprint = fingerprint(plan.Basis)

	results := operation.Preflight(s)
	if slices.ContainsFunc(results, v1alpha1.CheckResult.Failed) {
		results = append(cutOff(s), results...)
		plan.Outcome = v1alpha1.OutcomePreflightFailed
	}
	plan.Preflight = v1alpha1.Notable(results)
	plan.Steps = append(plan.Steps, preflightStep(results))
	for _, step := range operation.Steps {
		decision := step.Decide(s)
		planned := v1alpha1.StepPlan{
			Name:    step.Name,
			Action:  decision.Action,
			Reason:  decision.Reason,
			Details: decision.Details,
		}
		plan.Steps = append(plan.Steps, planned)
		if decision.Action != v1alpha1.ActionNone && plan.Outcome == v1alpha1.OutcomeNothingToDo {
			plan.Outcome = v1alpha1.OutcomeChangesPending
		}
	}
	if reason := unfinished(operation, s); reason != "" && plan.Outcome == v1alpha1.OutcomeNothingToDo {
		plan.Outcome = v1alpha1.OutcomeChangesPending
		plan.Steps = append(plan.Steps, v1alpha1.StepPlan{Name: "close-run", Action: v1alpha1.ActionChange, Reason: reason})
	}
	return plan
}

// cutOff says first, when a preflight stops the operation, that the region's
// users are cut off meanwhile, and how they are not: nothing else does it.
func cutOff(s *snapshot.Snapshot) []v1alpha1.CheckResult {
	record := s.Journal.Value()
	path := newPath(s)
	if record == nil || !unfinishedSwitch(record) || s.Networking() != v1alpha1.NetworkingV2On || path.broken == nil {
		return nil
	}
	return []v1alpha1.CheckResult{{
		ID: checkCutOff, Category: "provider", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail,
		Message: fmt.Sprintf("an earlier run switched provider %q to Networking v2, and users cannot work that way now: %v", s.Provider.Value().Name, path.broken),
		Hint:    s.Region.Command("rollback"),
	}}
}

// checkCutOff is the check of status that cutOff answers.
const checkCutOff = "networking-v2"

// unfinished says what an earlier run left open although all its steps are
// done: the lock, or the journal. "" if nothing.
func unfinished(operation Operation, s *snapshot.Snapshot) string {
	if held := s.Lock.Value(); held != nil && held.Holder != "" {
		return fmt.Sprintf("take over the lock of %s, if it is not alive, and close its run", held.Holder)
	}
	if record := s.Journal.Value(); record != nil && record.Operation == operation.Name && record.Outcome != v1alpha1.OutcomeSucceeded {
		return fmt.Sprintf("close the journal of an earlier run by %s, which did not get to it", record.Operator)
	}
	return ""
}

// preflightStep shows the preflight as the first step of a plan.
func preflightStep(results []v1alpha1.CheckResult) v1alpha1.StepPlan {
	step := v1alpha1.StepPlan{
		Name:   "preflight",
		Action: v1alpha1.ActionNone,
		Reason: fmt.Sprintf("%d checks passed", len(results)-len(v1alpha1.Notable(results))),
	}
	if slices.ContainsFunc(results, v1alpha1.CheckResult.Failed) {
		step.Action = v1alpha1.ActionBlocked
		step.Reason = "checks failed: nothing will be changed"
	}
	return step
}

// previews returns the items that show what the steps would change.
func previews(steps []Step, s *snapshot.Snapshot) []snapshot.Item {
	var items []snapshot.Item
	for _, step := range steps {
		if len(step.Previews) > 0 && step.Decide(s).Action == v1alpha1.ActionChange {
			items = append(items, step.Previews...)
		}
	}
	return items
}

// show adds to the plan what the steps' previews show.
func show(steps []Step, s *snapshot.Snapshot, plan []v1alpha1.StepPlan) {
	for _, step := range steps {
		i := slices.IndexFunc(plan, func(p v1alpha1.StepPlan) bool { return p.Name == step.Name })
		if step.Show != nil && i >= 0 {
			step.Show(s, &plan[i])
		}
	}
}
