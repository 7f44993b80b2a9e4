package printer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) status(report *v1alpha1.StatusReport) {
	title := primaryLine(report.Primary)
	if !report.Taken.IsZero() {
		title += ", at " + report.Taken.UTC().Format(stamp)
	}
	p.overview(title, statusTable(rows(p, report.Regions, unwell)))
	var found Groups[v1alpha1.CheckResult]
	p.blank()
	for i := range report.Regions {
		region := &report.Regions[i]
		name, results := region.Name, v1alpha1.Notable(region.Checks)
		if len(report.Regions) == 1 {
			name = ""
		}
		if p.wide { // otherwise the checks of the last runs report it
			results = region.Checks
			for _, run := range runLines(region) {
				p.text("  ", p.whose([]string{name}, run))
			}
		}
		p.joinChecks(&found, name, results, len(region.Providers) > 1)
	}
	p.causes(found)
	p.summary(p.statusSummary(report))
}

func statusTable(regions []v1alpha1.RegionStatus) table {
	t := newTable("REGION", "PHASE", "NETWORKING", "SATELLITE", "MOVED", "NEARER?", "CHECKS", "PROVIDER+", "CONTEXT+", "ACCESS URL+")
	for _, region := range regions {
		version, accessURL := "none", "-"
		var contexts []string
		if s := region.Satellite; s != nil {
			version, accessURL, contexts = orNone(s.Version), orNone(s.AccessURL), []string{s.Context}
		}
		checks := passedCell(region.Checks, region.Outcome != v1alpha1.OutcomeSucceeded)
		addStatus(&t, region.Name, region.Phase, version, accessURL, checks, contexts, region.Providers...)
		for _, provider := range region.Providers {
			if len(region.Providers) > 1 {
				own := slices.DeleteFunc(slices.Clone(region.Checks), func(r v1alpha1.CheckResult) bool { return r.Provider != provider.Name })
				checks := passedCell(own, slices.ContainsFunc(own, v1alpha1.CheckResult.Failed))
				addStatus(&t, "- "+provider.Name, provider.Phase, "", "", checks, nil, provider)
			}
		}
	}
	return t
}

// addStatus adds a row about providers; contexts are added to theirs.
func addStatus(t *table, name string, phase v1alpha1.Phase, version, accessURL string, checks cell, contexts []string, providers ...v1alpha1.ProviderStatus) {
	var names, networking []string
	var adoptions []*v1alpha1.Adoption
	var distances []*v1alpha1.Distance
	for _, provider := range providers {
		names, contexts, networking = append(names, provider.Name), append(contexts, provider.Context), append(networking, string(provider.NetworkingV2))
		adoptions, distances = append(adoptions, provider.Adoption), append(distances, provider.Distance)
	}
	if networking = slices.Compact(networking); len(networking) > 1 {
		networking = []string{"mixed"}
	}
	t.add(name, phase, strings.Join(networking, ""), version, movedCell(adoptions...), nearerCell(distances...), checks, joined(names), joined(contexts), accessURL)
}

// passedCell counts the checks that passed, of those that applied at all.
func passedCell(results []v1alpha1.CheckResult, failed bool) cell {
	states := numbers(results, func(r v1alpha1.CheckResult) v1alpha1.CheckState { return r.State })
	passed, asked := states[v1alpha1.CheckPass], len(results)-states[v1alpha1.CheckSkipped]
	c := cell{fmt.Sprintf("%d/%d", passed, asked), goodIf(passed == asked)}
	if failed {
		c.style = bad
	}
	return c
}

func runLines(region *v1alpha1.RegionStatus) []string {
	var lines []string
	if region.Satellite != nil {
		lines = append(lines, runLine(region.Satellite.Run))
	}
	for _, provider := range region.Providers {
		lines = append(lines, runLine(provider.Run), distanceLine(provider.Distance))
	}
	return distinct(lines...)
}

func runLine(run *v1alpha1.Run) string {
	if run == nil {
		return ""
	}
	at := ""
	if run.Step != "" {
		at = " at step " + run.Step
	}
	switch {
	case run.Holder != "":
		text := fmt.Sprintf("%s holds the lock", run.Holder)
		if run.HeldSince != nil {
			text += " since " + run.HeldSince.UTC().Format(stamp)
		}
		if run.Operation != "" && run.Outcome == "" {
			text += fmt.Sprintf("; %s by %s is under way%s", run.Operation, run.Operator, at)
		}
		return text + "."
	case run.Operation == "" || run.Outcome == v1alpha1.OutcomeSucceeded || run.Outcome == v1alpha1.OutcomeNothingToDo:
		return ""
	}
	ended, outcome := "stopped without recording a result", ""
	if run.Outcome != "" {
		ended, outcome = "ended", ": "+Words(string(run.Outcome))
	}
	return fmt.Sprintf("The last %s, by %s, %s%s at %s%s.", run.Operation, run.Operator, ended, at, run.Updated.UTC().Format(stamp), outcome)
}

// unwell is 0 for a healthy region, and higher for a failed check than for an unknown one.
func unwell(region v1alpha1.RegionStatus) int {
	switch {
	case region.Outcome == v1alpha1.OutcomeSucceeded:
		return 0
	case slices.ContainsFunc(region.Checks, func(r v1alpha1.CheckResult) bool { return r.State == v1alpha1.CheckFail }):
		return 2
	default:
		return 1
	}
}

func (p *page) statusSummary(report *v1alpha1.StatusReport) string {
	var failed []string
	var checks []v1alpha1.CheckResult
	for _, region := range report.Regions {
		checks = append(checks, region.Checks...)
		if region.Outcome != v1alpha1.OutcomeSucceeded {
			failed = append(failed, region.Name)
		}
	}
	states := numbers(checks, func(r v1alpha1.CheckResult) v1alpha1.CheckState { return r.State })
	var also sentences
	also.count(states[v1alpha1.CheckFail], "failed")
	also.count(states[v1alpha1.CheckUnknown], "unknown")
	also.count(states[v1alpha1.CheckWarn], "with a warning")
	also.count(states[v1alpha1.CheckSkipped], "skipped")
	var parts sentences
	total := counted(len(report.Regions), "region")
	parts.add(len(failed) == 0, "%s, no check failed", total)
	parts.add(len(failed) > 0, "%d of %s unhealthy: %s", len(failed), total, p.list(failed))
	parts.add(len(also) > 0, "checks: %s", strings.Join(also, ", "))
	parts.add(!p.wide && len(report.Regions) > many, "%d are healthy, and -o wide shows all", len(report.Regions)-len(failed))
	return strings.Join(parts, "; ") + "."
}
