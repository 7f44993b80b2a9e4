package migration

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// conclude fills in the outcomes of the region and of its providers. nothingBegun is why the run did not begin, or nil.
func (r *regionRun) conclude(nothingBegun error) {
	for _, p := range r.all() {
		p.err = cmp.Or(p.err, nothingBegun)
	}
	for _, p := range r.providers {
		p.report.Outcome = outcomeOf(p.err)
		if p.err != nil {
			p.report.Error = p.err.Error()
		}
	}
	var outcomes []v1alpha1.Outcome
	for _, provider := range r.report.Providers {
		outcomes = append(outcomes, provider.Outcome)
	}
	r.report.Outcome = Join(outcomes)
	if r.satellite != nil && r.satellite.err != nil {
		r.report.Outcome = outcomeOf(r.satellite.err)
	}
	if err := r.err(); err != nil {
		r.report.Error = err.Error()
	}
}

// err joins the errors of the parts. If the satellite failed, its error is enough: the others follow from it.
func (r *regionRun) err() error {
	if r.satellite != nil && r.satellite.err != nil {
		return r.satellite.err
	}
	var errs []error
	for _, p := range r.providers {
		if p.err != nil && p.several {
			errs = append(errs, fmt.Errorf("provider %s: %w", p.name, p.err))
		} else {
			errs = append(errs, p.err)
		}
	}
	return errors.Join(errs...)
}

func (r *regionRun) reportStates() {
	for _, p := range r.providers {
		if p.Initial != nil {
			p.report.After = providerAfter(p.Now)
		}
	}
	if r.report.Satellite == nil {
		return
	}
	registering := r.satellite != nil && r.satellite.registering
	if latest := r.latest(); latest != nil {
		r.report.Satellite.After = satelliteAfter(latest, registering)
	}
}

// latest returns the newest view. Which part has the newest view of the satellite depends on the verb and on what failed. It
// is nil if the run did not begin.
func (r *regionRun) latest() *snapshot.Snapshot {
	var latest *snapshot.Snapshot
	for _, phase := range r.operation.phases() {
		for _, p := range r.parts(phase[0].Owner) {
			if p.Initial != nil && (latest == nil || !p.Now.Taken.Before(latest.Taken)) {
				latest = p.Now
			}
		}
	}
	return latest
}

// Join joins the outcomes of parts: Interrupted if any part was, PartlyFailed if only some parts are done, and otherwise the
// reason that the other parts share.
func Join(outcomes []v1alpha1.Outcome) v1alpha1.Outcome {
	parts, reason := map[v1alpha1.Outcome]int{}, v1alpha1.Outcome("")
	for _, outcome := range outcomes {
		parts[outcome]++
		switch outcome {
		case v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNotStarted, v1alpha1.OutcomeUnreachable:
			continue
		case v1alpha1.OutcomePartlyFailed:
			outcome = v1alpha1.OutcomeFailed
		}
		if reason != "" && reason != outcome {
			outcome = v1alpha1.OutcomeFailed
		}
		reason = outcome
	}
	switch {
	case parts[v1alpha1.OutcomeInterrupted] > 0:
		return v1alpha1.OutcomeInterrupted
	case parts[v1alpha1.OutcomeNothingToDo] == len(outcomes):
		return v1alpha1.OutcomeNothingToDo
	case reason == "" && parts[v1alpha1.OutcomeNotStarted] > 0: // nothing failed, so a signal kept them from starting
		return v1alpha1.OutcomeInterrupted
	case reason == "" && parts[v1alpha1.OutcomeUnreachable] == 0:
		return v1alpha1.OutcomeSucceeded
	case reason == "", parts[v1alpha1.OutcomeSucceeded]+parts[v1alpha1.OutcomePartlyFailed]+parts[v1alpha1.OutcomeNothingToDo] > 0:
		return v1alpha1.OutcomePartlyFailed
	default:
		return reason
	}
}

// next returns the command to type after a report.
func next(operation Operation, region fleet.Region, report v1alpha1.RegionReport) string {
	switch report.Outcome {
	case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeLockHeld:
		return region.Command("status")
	case v1alpha1.OutcomePreflightFailed:
		for _, result := range report.Preflight {
			if result.ID == checkCutOff && strings.Contains(result.Hint, " rollback") && operation.Name != "rollback" {
				return result.Hint
			}
			if result.State == v1alpha1.CheckFail {
				return "kubectl coder-satellite explain " + result.ID
			}
		}
		return region.Command("plan")
	default:
		stranded := func(p v1alpha1.ProviderReport) bool { // users are on a path that is not known to work
			return p.After != nil && p.After.NetworkingV2 == v1alpha1.NetworkingV2On && p.After.PathAnswers != v1alpha1.FindingYes
		}
		if slices.ContainsFunc(report.Providers, stranded) && report.Outcome != v1alpha1.OutcomeInterrupted {
			return region.Command("rollback")
		}
		return region.Command(operation.Name)
	}
}

// satelliteAfter describes how the run left the satellite. If the primary never answered a registration, it may still make
// it, so an unlisted one is unknown.
func satelliteAfter(s *snapshot.Snapshot, registering bool) *v1alpha1.SatelliteState {
	_, registered := s.Registration()
	state, known := s.Satellite.Get()
	release := state.LastStatus
	switch {
	case !known:
		release = string(v1alpha1.FindingUnknown)
	case !state.Exists():
		release = "none"
	}
	return &v1alpha1.SatelliteState{
		Registered: finding(registered, s.Registrations.IsKnown() && known && !registering),
		Release:    release,
		Answers:    answersAfter(s),
	}
}

// finding returns Yes, No or, if nothing is known, Unknown.
func finding(yes, known bool) v1alpha1.Finding {
	switch {
	case yes:
		return v1alpha1.FindingYes
	case known:
		return v1alpha1.FindingNo
	default:
		return v1alpha1.FindingUnknown
	}
}

// providerAfter describes a provider from the facts that were read last.
func providerAfter(s *snapshot.Snapshot) *v1alpha1.ProviderState {
	state := &v1alpha1.ProviderState{
		NetworkingV2:   cmp.Or(s.Networking(), v1alpha1.NetworkingV2Unknown),
		PathAnswers:    answersAfter(s),
		LegacyRetained: retainedAfter(s),
		Distance:       s.Distance(),
	}
	if adoption, err := workspaces.AdoptionOf(s); err == nil {
		state.Adoption = &adoption
	}
	return state
}

func answersAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	same, _ := s.ServesOwnKey()
	answers := (same || s.Region.Satellite.None()) && s.PathAnswers() == nil
	return finding(answers, s.Endpoint.IsKnown() && s.Satellite.IsKnown() && s.Primary.Version.IsKnown())
}

func retainedAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	state, known := s.Legacy.Get()
	if known && len(state.Found.Releases) == 0 {
		return v1alpha1.FindingNone
	}
	return finding(state.Release != nil && state.Retention.Complete, state.Release != nil && state.Retention.Control.Err == nil)
}
