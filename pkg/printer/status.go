package printer

import (
	"fmt"
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
	for _, region := range regions {
		passed, asked := passedOf(region.Checks)
		s := good
		switch {
		case region.Outcome != v1alpha1.OutcomeSucceeded:
			s = bad
		case passed < asked:
			s = notice
		}
		t.rows = append(t.rows, []cell{
			{text: region.Name}, {text: string(region.Phase)}, {text: string(region.NetworkingV2)}, {text: orNone(region.SatelliteVersion)},
			{text: fmt.Sprintf("%d/%d", passed, asked), style: s},
			{text: orNone(region.Provider.Name)}, {text: orNone(region.Context)}, {text: orNone(region.AccessURL)},
		})
	}
	return t
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
	run := ""
	if h.wide { // otherwise the check of the last run tells, if there is anything to tell
		run = runLine(region.Run)
	}
	if len(results) == 0 && run == "" {
		return
	}
	p.blank()
	p.title("Region "+region.Name+":", strong)
	if run != "" {
		p.text("  ", run)
	}
	p.checks(results, "  ")
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
