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

func (p *page) regionPlan(region *v1alpha1.RegionPlan, waves []v1alpha1.PlanWave) {
	p.regions(region.Outcome, region.Name)
	entry, several := p.entries(len("satellite")), len(region.Providers) > 1
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
