package report

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// view is what templates show.
type view struct {
	*Report
	Run    *v1alpha1.MigrationReport // as far as the events tell if there is no document; nil without both
	Waves  [][]v1alpha1.RegionReport // the run's regions, in the order of their waves
	Causes []*cause
	Places []place
	Plans  []*planned
	known  map[string]*cause
}

// cause is something that a reader has to know, once for all regions that it is alike in.
type cause struct {
	State, Name, Text, Hint string
	Regions                 []string
}

// planned is a plan that is alike in several regions.
type planned struct {
	v1alpha1.RegionPlan
	Regions []string
}

// place is a provider, and where its users are.
type place struct {
	Region, State string
	v1alpha1.ProviderState
	v1alpha1.Provider
}

func (r *Report) view() *view {
	v := &view{Report: r, Run: r.MigrationReport, known: map[string]*cause{}}
	if v.Run == nil {
		v.Run = fromEvents(r.Progress)
	}
	if v.Run != nil {
		v.addRun()
	}
	if r.Plan != nil {
		v.addPlan()
	}
	if r.StatusReport != nil {
		v.Places = nil // it is later than the run
		for _, region := range r.StatusReport.Regions {
			v.addChecks(region.Name, region.Checks)
			for _, p := range region.Providers {
				v.Places = append(v.Places, place{region.Name, string(p.Phase), v1alpha1.ProviderState{
					NetworkingV2: p.NetworkingV2, Adoption: p.Adoption, Distance: p.Distance,
				}, p.Provider})
			}
		}
	}
	if r.VerifyReport != nil {
		for _, region := range r.VerifyReport.Regions {
			v.add(region.Name, cause{string(region.Outcome), "verify", region.Message, "", nil})
			for _, c := range []*v1alpha1.Connection{region.Satellite, region.Primary} {
				if c != nil {
					v.add(region.Name, cause{string(region.Outcome), "verify", c.Message, c.Hint, nil})
				}
			}
		}
	}
	slices.SortStableFunc(v.Causes, func(a, b *cause) int { return gravity(a.State) - gravity(b.State) })
	return v
}

// gravity puts what failed first.
func gravity(state string) int { return slices.Index([]string{"bad", "note", "good"}, tone(state)) }

// add joins a cause with those that say the same of other regions; one without a text is none.
func (v *view) add(region string, c cause) {
	key := c.State + c.Name + printer.Vague(region, c.Text) + printer.Vague(region, c.Hint)
	known := v.known[key]
	switch {
	case c.Text == "":
	case known == nil:
		c.Regions = []string{region}
		v.known[key], v.Causes = &c, append(v.Causes, &c)
	case !slices.Contains(known.Regions, region):
		known.Regions = append(known.Regions, region)
	}
}

func (v *view) addChecks(region string, results []v1alpha1.CheckResult) {
	for _, r := range v1alpha1.Notable(results) {
		v.add(region, cause{string(r.State), r.ID, r.Message, r.Hint, nil})
	}
}

// addRun adds the run's regions by their waves, what went wrong, and where users are.
func (v *view) addRun() {
	waves := map[string]int{}
	if v.Plan != nil {
		for i, wave := range v.Plan.Waves {
			for _, name := range wave {
				waves[name] = i + 1
			}
		}
	}
	for _, e := range v.Progress {
		waves[e.Region] = max(waves[e.Region], e.Wave)
	}
	for _, region := range v.Run.Regions {
		for len(v.Waves) <= waves[region.Name] {
			v.Waves = append(v.Waves, nil)
		}
		v.Waves[waves[region.Name]] = append(v.Waves[waves[region.Name]], region)
		v.add(region.Name, cause{string(region.Outcome), "outcome", region.Error, region.Next, nil})
		for _, p := range region.Providers {
			if p.Error != region.Error {
				v.add(region.Name, cause{string(p.Outcome), p.Name, p.Error, "", nil})
			}
			if p.After != nil {
				v.Places = append(v.Places, place{region.Name, string(p.Outcome), *p.After, p.Provider})
			}
		}
		for _, left := range region.Left {
			v.add(region.Name, cause{string(v1alpha1.CheckWarn), "left behind", left, "", nil})
		}
		v.addChecks(region.Name, region.Preflight)
	}
}

// addPlan joins the plans that are alike and, if no run says more, adds what their preflight found.
func (v *view) addPlan() {
	known := map[string]*planned{}
	for _, region := range v.Plan.Regions {
		if v.Run == nil {
			v.addChecks(region.Name, region.Preflight)
		}
		key := string(region.Outcome)
		for _, s := range region.Steps {
			key += "\n" + s.Name + string(s.Action) + printer.Vague(region.Name, s.Reason) + printer.Vague(region.Name, s.Diff)
		}
		if known[key] == nil {
			known[key] = &planned{RegionPlan: region}
			v.Plans = append(v.Plans, known[key])
		}
		known[key].Regions = append(known[key].Regions, region.Name)
	}
}
