package report

import (
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

type view struct {
	*Report
	Run    *v1alpha1.MigrationReport // from the events if there is no document; nil without both
	Waves  [][]v1alpha1.RegionReport // the run's regions, in the order of their waves
	Causes printer.Groups[cause]
	Plans  printer.Groups[v1alpha1.RegionPlan]
}

// cause is something that a reader has to know.
type cause struct{ State, Name, Text, Hint string }

func (r *Report) view() *view {
	v := &view{Report: r, Run: r.Done}
	if v.Run == nil {
		v.Run = fromEvents(r.Events)
	}
	if v.Run != nil {
		v.addRun()
	}
	if r.Plan != nil {
		v.addPlan()
	}
	if r.Status != nil {
		for _, region := range r.Status.Regions {
			v.addChecks(region.Name, region.Checks)
		}
	}
	if r.Verify != nil {
		v.addVerify()
	}
	slices.SortStableFunc(v.Causes.List, func(a, b *printer.Group[cause]) int { // "bad" first
		return strings.Compare(tone(a.First.State), tone(b.First.State))
	})
	return v
}

// add joins a cause with equal ones of other regions; it ignores one without a text.
func (v *view) add(region string, c cause) {
	if c.Text != "" {
		v.Causes.Join(c, region, c.State+c.Name+printer.Vague(region, c.Text)+printer.Vague(region, c.Hint))
	}
}

func (v *view) addChecks(region string, results []v1alpha1.CheckResult) {
	for _, r := range v1alpha1.Notable(results) {
		v.add(region, cause{string(r.State), r.ID, r.Message, r.Hint})
	}
}

// addVerify adds why workspaces were not reached.
func (v *view) addVerify() {
	for _, region := range v.Verify.Regions {
		if region.Outcome == v1alpha1.OutcomeSucceeded {
			continue
		}
		v.add(region.Name, cause{string(region.Outcome), "verify", region.Message, ""})
		for _, way := range []*v1alpha1.Connection{region.Satellite, region.Primary} {
			if way != nil {
				v.add(region.Name, cause{string(region.Outcome), "verify", way.Message, way.Hint})
			}
		}
	}
}

// addRun adds the run's regions by their waves, and what went wrong.
func (v *view) addRun() {
	waves := map[string]int{}
	if v.Plan != nil {
		for i, wave := range v.Plan.Waves {
			for _, name := range wave.Regions {
				waves[name] = i + 1
			}
		}
	}
	for _, e := range v.Events {
		waves[e.Region] = max(waves[e.Region], e.Wave)
	}
	for _, region := range v.Run.Regions {
		wave := waves[region.Name]
		v.Waves = append(v.Waves, make([][]v1alpha1.RegionReport, max(0, wave+1-len(v.Waves)))...)
		v.Waves[wave] = append(v.Waves[wave], region)
		v.add(region.Name, cause{string(region.Outcome), "run", region.Error, region.Next})
		for _, p := range region.Providers {
			if p.Error != region.Error {
				v.add(region.Name, cause{string(p.Outcome), p.Name, p.Error, ""})
			}
		}
		for _, left := range region.Left {
			v.add(region.Name, cause{string(v1alpha1.CheckWarn), "left behind", left, ""})
		}
		v.addChecks(region.Name, region.Preflight)
	}
}

func (v *view) addPlan() {
	for _, region := range v.Plan.Regions {
		v.addChecks(region.Name, region.Preflight)
		key := string(region.Outcome)
		for _, s := range region.Steps {
			key += "\n" + s.Name + string(s.Action) + printer.Vague(region.Name, s.Reason+s.Diff)
		}
		v.Plans.Join(region, region.Name, key)
	}
}
