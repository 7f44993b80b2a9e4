package printer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) plan(plan *v1alpha1.Plan) {
	p.title(primaryLine(plan.Primary), plain)
	summary := p.planSummary(plan)
	for _, wave := range plan.Waves {
		summary.add(len(wave.Waits) > 0 && len(wave.Regions) > 0, "Wave %s (%d of these regions) would wait for %s.",
			wave.Name, len(wave.Regions), strings.Join(wave.Waits, "; "))
	}
	if p.full(len(plan.Regions)) {
		for _, region := range plan.Regions {
			p.plans([]v1alpha1.RegionPlan{region}, plan.Waves, true)
		}
	} else {
		p.plans(plan.Regions, nil, false)
		summary.add(true, "-o wide shows each region in full.")
	}
	summary.add(!p.Ahead, "This was a plan: nothing was changed.")
	p.summary(summary...)
}

// plans writes what a migration would do in regions: each different plan and each preflight finding once. A region alone
// is told in full. Of several, it shows no manifest diffs, which would hide all else, and no steps of one that needs
// nothing, or whose preflight fails: its checks say why.
func (p *page) plans(regions []v1alpha1.RegionPlan, waves []v1alpha1.PlanWave, alone bool) {
	var alike Groups[v1alpha1.RegionPlan]
	var found Groups[v1alpha1.CheckResult]
	for _, region := range regions {
		name, key := region.Name, fmt.Sprint(region.Outcome, len(region.Providers))
		if alone {
			name = ""
		} else if region.Outcome == v1alpha1.OutcomeNothingToDo || region.Outcome == v1alpha1.OutcomePreflightFailed {
			region.Steps = nil
		}
		for _, step := range region.Steps {
			key += " " + step.Name + string(step.Action) + Vague(region.Name, step.Reason+" "+strings.Join(step.Details, " "))
		}
		alike.Join(region, region.Name, key)
		p.joinChecks(&found, name, v1alpha1.Notable(region.Preflight), len(region.Providers) > 1)
	}
	for _, g := range alike.List {
		p.regions(g.First.Outcome, g.Regions...)
		if alone {
			p.placesOf(&g.First, waves)
			p.blank()
		}
		p.table(stepTable(g.First.Steps, len(g.First.Providers) > 1), "  ")
		for _, step := range g.First.Steps {
			p.stepMore(step, alone && !p.Ahead) // before a question, too, a diff would hide the rest
		}
	}
	p.causes(found)
}

// placesOf writes where a region's parts are.
func (p *page) placesOf(region *v1alpha1.RegionPlan, waves []v1alpha1.PlanWave) {
	entry := p.entries(len("satellite"))
	if satellite := region.Satellite; satellite == nil {
		entry("satellite", plain, "none: users connect through the primary")
	} else {
		entry("context", plain, orNone(satellite.Context))
		entry("satellite", plain, orNone(satellite.AccessURL)+", release "+satellite.Release+" in namespace "+satellite.Namespace)
	}
	for _, provider := range region.Providers {
		s, text := plain, orNone(provider.Name)
		if region.Satellite == nil || provider.Context != region.Satellite.Context {
			text += ", context " + provider.Context
		}
		if leftOut(region, provider) {
			s, text = bad, text+": fails its preflight, and is left out"
		}
		entry("provider", s, text)
	}
	wave := slices.IndexFunc(waves, func(wave v1alpha1.PlanWave) bool { return slices.Contains(wave.Regions, region.Name) })
	if wave >= 0 && len(waves) > 1 {
		text, number := fmt.Sprintf("%d of %d", wave+1, len(waves)), strconv.Itoa(wave+1)
		if waves[wave].Name != number {
			text += ", " + waves[wave].Name
		}
		entry("wave", plain, text)
	}
	if p.wide {
		entry("plan", plain, orNone(region.Fingerprint))
	}
}

// leftOut reports whether a provider stays as it is although its region would change.
func leftOut(region *v1alpha1.RegionPlan, provider v1alpha1.ProviderPlan) bool {
	return provider.Outcome == v1alpha1.OutcomePreflightFailed && region.Outcome != v1alpha1.OutcomePreflightFailed
}

func stepTable(steps []v1alpha1.StepPlan, several bool) table {
	t := newTable("STEP", "PROVIDER?", "ACTION", "WHAT")
	for _, step := range steps {
		s := map[v1alpha1.StepAction]style{v1alpha1.ActionNone: good, v1alpha1.ActionChange: notice, v1alpha1.ActionBlocked: bad}[step.Action]
		t.add(step.Name, ofSeveral(several, step.Provider), cell{Words(string(step.Action)), s}, step.Reason)
	}
	return t
}

func (p *page) stepMore(step v1alpha1.StepPlan, diff bool) {
	diff = diff && step.Diff != ""
	if len(step.Details) == 0 && !diff {
		return
	}
	p.blank()
	p.text("  ", step.Name+":")
	for _, detail := range step.Details {
		p.text("    - ", detail)
	}
	if diff {
		styles := map[byte]style{'+': good, '-': bad, '@': faint}
		for l := range strings.SplitSeq(strings.TrimRight(Escape(step.Diff), "\n"), "\n") {
			p.put("    " + styles[(l + " ")[0]].apply(l, p.Color))
		}
	}
}

func (p *page) planSummary(plan *v1alpha1.Plan) (summary sentences) {
	var regions Groups[string]
	var left, unknown []string
	var all v1alpha1.Impact
	switches, rebuilt := 0, ""
	for _, region := range plan.Regions {
		would := cmp.Or(map[v1alpha1.Outcome]string{
			v1alpha1.OutcomeChangesPending:  "would change",
			v1alpha1.OutcomeNothingToDo:     "would not change",
			v1alpha1.OutcomePreflightFailed: "would not be touched, because the preflight fails",
			v1alpha1.OutcomeUnreachable:     "would be left out, because a cluster does not answer",
		}[region.Outcome], "could not be planned")
		regions.Join(would, region.Name, would)
		for _, provider := range region.Providers {
			if leftOut(&region, provider) {
				left = append(left, provider.Name)
			}
			switched := func(step v1alpha1.StepPlan) bool {
				return step.Provider == provider.Name && step.Action == v1alpha1.ActionChange && strings.HasSuffix(step.Name, "able-networking-v2")
			}
			impact := provider.Impact
			switch {
			case provider.Outcome != v1alpha1.OutcomeChangesPending:
			case impact == nil && slices.ContainsFunc(region.Steps, switched):
				unknown = append(unknown, provider.Name)
			case impact != nil:
				switches, all.Workspaces, all.On, all.Users = switches+1, all.Workspaces+impact.Workspaces, all.On+impact.On, all.Users+impact.Users
				if impact.RebuiltBySwitch && impact.On > 0 {
					rebuilt = " The primary rebuilds those that are on: what is outside their home directories is lost."
				}
			}
		}
	}
	for _, g := range regions.List {
		summary.add(true, "%d of %s %s: %s.", len(g.Regions), counted(len(plan.Regions), "region"), g.Key, p.list(g.Regions))
	}
	summary.add(len(plan.Regions) == 0, "There are no regions to plan.")
	summary.add(len(left) > 0, "Left out: %s of regions that would change: %s.", counted(len(left), "provider"), p.list(left))
	summary.add(switches > 0, "Switching %s affects %s, %d of them on, of up to %s.%s",
		counted(switches, "provider"), counted(all.Workspaces, "workspace"), all.On, counted(all.Users, "user"), rebuilt)
	summary.add(len(unknown) > 0, "It is unknown whom switching %s affects: %s.", counted(len(unknown), "more provider"), p.list(unknown))
	return summary
}
