package printer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// status writes how the regions are, and every check that did not pass.
func (h human) status(p *page, report *v1alpha1.StatusReport) {
	p.title(primaryLine(report.Primary), plain)
	p.blank()
	p.table(statusTable(report.Regions), h.wide, "")
	for i := range report.Regions {
		h.regionStatus(p, &report.Regions[i])
	}
	p.blank()
	p.text("", statusSummary(report))
}

func statusTable(regions []v1alpha1.RegionStatus) table {
	t := table{columns: []column{
		{title: "REGION"}, {title: "PHASE"}, {title: "NETWORKING"}, {title: "SATELLITE"}, {title: "CHECKS"},
		{title: "PROVIDER", wide: true}, {title: "CONTEXT", wide: true}, {title: "ACCESS URL", wide: true},
	}}
	for i := range regions {
		t.rows = append(t.rows, regionRow(&regions[i]))
		if len(regions[i].Providers) > 1 {
			for _, provider := range regions[i].Providers {
				t.rows = append(t.rows, providerRow(&regions[i], provider))
			}
		}
	}
	return t
}

// regionRow is the row of a region: of its only provider, if it has one only.
func regionRow(region *v1alpha1.RegionStatus) []cell {
	satellite := cell{text: "none"}
	var contexts []string
	accessURL := ""
	if s := region.Satellite; s != nil {
		satellite.text, accessURL, contexts = orNone(s.Version), s.AccessURL, []string{s.Context}
	}
	var names []string
	var networking v1alpha1.NetworkingV2
	for i, provider := range region.Providers {
		names = append(names, provider.Name)
		if !slices.Contains(contexts, provider.Context) {
			contexts = append(contexts, provider.Context)
		}
		if i > 0 && networking != provider.NetworkingV2 {
			networking = "mixed"
			continue
		}
		networking = provider.NetworkingV2
	}
	return []cell{
		{text: region.Name}, {text: string(region.Phase)}, {text: orNone(string(networking))}, satellite,
		passedCell(region.Checks, region.Outcome != v1alpha1.OutcomeSucceeded),
		{text: orNone(strings.Join(names, ", "))}, {text: orNone(strings.Join(contexts, ", "))}, {text: orNone(accessURL)},
	}
}

// providerRow is the row of one provider of several, below that of its region.
func providerRow(region *v1alpha1.RegionStatus, provider v1alpha1.ProviderStatus) []cell {
	own := slices.DeleteFunc(slices.Clone(region.Checks), func(r v1alpha1.CheckResult) bool { return r.Provider != provider.Name })
	return []cell{
		{text: "- " + provider.Name}, {text: string(provider.Phase)}, {text: string(provider.NetworkingV2)}, {},
		passedCell(own, slices.ContainsFunc(own, v1alpha1.CheckResult.Failed)), {text: orNone(provider.Name)}, {text: orNone(provider.Context)}, {},
	}
}

func passedCell(results []v1alpha1.CheckResult, failed bool) cell {
	passed, asked := passedOf(results)
	s := good
	switch {
	case failed:
		s = bad
	case passed < asked:
		s = notice
	}
	return cell{text: fmt.Sprintf("%d/%d", passed, asked), style: s}
}

// passedOf counts the checks that passed, and those that applied at all.
func passedOf(results []v1alpha1.CheckResult) (passed, asked int) {
	for _, result := range results {
		switch result.State {
		case v1alpha1.CheckSkipped:
		case v1alpha1.CheckPass:
			passed, asked = passed+1, asked+1
		default:
			asked++
		}
	}
	return passed, asked
}

func (h human) regionStatus(p *page, region *v1alpha1.RegionStatus) {
	results := v1alpha1.Notable(region.Checks)
	if h.wide {
		results = region.Checks
	}
	var runs []string
	if h.wide { // otherwise the checks of the last runs tell, if there is anything to tell
		runs = runLines(region)
	}
	if len(results) == 0 && len(runs) == 0 {
		return
	}
	p.blank()
	p.title("Region "+region.Name+":", strong)
	for _, run := range runs {
		p.text("  ", run)
	}
	p.checks(perProvider(results, len(region.Providers) > 1), "  ")
}

// runLines tell of the runs on the satellite and on the providers, each once.
func runLines(region *v1alpha1.RegionStatus) []string {
	var runs []*v1alpha1.Run
	if region.Satellite != nil {
		runs = append(runs, region.Satellite.Run)
	}
	for _, provider := range region.Providers {
		runs = append(runs, provider.Run)
	}
	var lines []string
	for _, run := range runs {
		if text := runLine(run); text != "" && !slices.Contains(lines, text) {
			lines = append(lines, text)
		}
	}
	return lines
}

// runLine tells of a run that goes on or did not end well; "" if there is none.
func runLine(run *v1alpha1.Run) string {
	if run == nil {
		return ""
	}
	const layout = "2006-01-02 15:04:05 MST"
	at := ""
	if run.Step != "" {
		at = " at step " + run.Step
	}
	switch {
	case run.Holder != "":
		text := fmt.Sprintf("%s holds the lock", run.Holder)
		if run.HeldSince != nil {
			text += " since " + run.HeldSince.UTC().Format(layout)
		}
		if run.Operation != "" && run.Outcome == "" {
			text += fmt.Sprintf("; %s by %s is under way%s", run.Operation, run.Operator, at)
		}
		return text + "."
	case run.Operation == "" || run.Outcome == v1alpha1.OutcomeSucceeded || run.Outcome == v1alpha1.OutcomeNothingToDo:
		return ""
	case run.Outcome == "":
		return fmt.Sprintf("The last %s, by %s, stopped without a word%s at %s.", run.Operation, run.Operator, at, run.Updated.UTC().Format(layout))
	}
	return fmt.Sprintf("The last %s, by %s, ended%s at %s: %s.", run.Operation, run.Operator, at, run.Updated.UTC().Format(layout), words(string(run.Outcome)))
}

// statusSummary says in plain words how the fleet is.
func statusSummary(report *v1alpha1.StatusReport) string {
	var failed []string
	counts := make(map[v1alpha1.CheckState]int)
	for _, region := range report.Regions {
		if region.Outcome != v1alpha1.OutcomeSucceeded {
			failed = append(failed, region.Name)
		}
		for _, result := range region.Checks {
			counts[result.State]++
		}
	}
	total := len(report.Regions)
	var also []string
	for _, state := range []v1alpha1.CheckState{v1alpha1.CheckFail, v1alpha1.CheckUnknown, v1alpha1.CheckWarn, v1alpha1.CheckSkipped} {
		if counts[state] > 0 {
			also = append(also, fmt.Sprintf("%d %s", counts[state], checkPhrase(state)))
		}
	}
	text := fmt.Sprintf("%s, no check failed", counted(total, "region"))
	if len(failed) > 0 {
		text = fmt.Sprintf("%d of %s not well: %s", len(failed), counted(total, "region"), strings.Join(failed, ", "))
	}
	if len(also) > 0 {
		text += "; checks: " + strings.Join(also, ", ")
	}
	return text + "."
}

func checkPhrase(state v1alpha1.CheckState) string {
	switch state {
	case v1alpha1.CheckFail:
		return "failed"
	case v1alpha1.CheckUnknown:
		return "unknown"
	case v1alpha1.CheckWarn:
		return "with a warning"
	}
	return "skipped"
}
