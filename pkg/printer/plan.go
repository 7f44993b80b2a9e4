package printer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// plan writes what a migration would do.
func (p *page) plan(plan *v1alpha1.Plan) {
	p.title(primaryLine(plan.Primary), plain)
	sentences := planSummary(plan, p.list)
	if p.full(len(plan.Regions)) {
		for i := range plan.Regions {
			p.blank()
			p.regionPlan(&plan.Regions[i], plan.Waves)
		}
	} else {
		p.fleetPlan(plan)
		sentences = []string{strings.Join(append(sentences, fleetSummary(plan)), " ")}
	}
	if !p.Ahead {
		sentences = append(sentences, "This was a plan: nothing was changed.")
	}
	p.blank()
	for _, sentence := range sentences {
		p.text("", sentence)
	}
}

func (p *page) regionPlan(region *v1alpha1.RegionPlan, waves [][]string) {
	p.region(region.Name, region.Outcome)
	entry, several := p.entries(len("satellite")), len(region.Providers) > 1
	if satellite := region.Satellite; satellite == nil {
		entry("satellite", plain, "none: users connect through the primary")
	} else {
		entry("context", plain, orNone(satellite.Context))
		entry("satellite", plain, orNone(satellite.AccessURL)+", release "+satellite.Release+" in namespace "+satellite.Namespace)
	}
	for _, provider := range region.Providers {
		s := plain
		if leftOut(region, provider) {
			s = bad
		}
		entry("provider", s, providerLine(region, provider))
	}
	wave := slices.IndexFunc(waves, func(wave []string) bool { return slices.Contains(wave, region.Name) })
	if wave >= 0 && len(waves) > 1 {
		entry("wave", plain, fmt.Sprintf("%d of %d", wave+1, len(waves)))
	}
	if p.wide {
		entry("plan", plain, orNone(region.Fingerprint))
	}
	if failed := v1alpha1.Notable(region.Preflight); len(failed) > 0 {
		p.blank()
		p.checks(failed, several)
	}
	if len(region.Steps) > 0 {
		p.blank()
	}
	p.table(stepTable(region.Steps, several), "  ")
	for _, step := range region.Steps {
		p.stepMore(step)
	}
}

// providerLine names a provider, its context where that is not the satellite's, and
// whether it is left out.
func providerLine(region *v1alpha1.RegionPlan, provider v1alpha1.ProviderPlan) string {
	text := orNone(provider.Name)
	if region.Satellite == nil || provider.Context != region.Satellite.Context {
		text += ", context " + provider.Context
	}
	if leftOut(region, provider) {
		text += ": fails its preflight, and is left out"
	}
	return text
}

// leftOut reports whether a provider stays as it is although its region would change.
func leftOut(region *v1alpha1.RegionPlan, provider v1alpha1.ProviderPlan) bool {
	return provider.Outcome == v1alpha1.OutcomePreflightFailed && region.Outcome != v1alpha1.OutcomePreflightFailed
}

// stepTable has a column for the provider if the region has several.
func stepTable(steps []v1alpha1.StepPlan, several bool) table {
	t := table{columns: []column{{title: "STEP"}, {title: "PROVIDER", hidden: !several}, {title: "ACTION"}, {title: "WHAT"}}}
	for _, step := range steps {
		s := map[v1alpha1.StepAction]style{
			v1alpha1.ActionNone: good, v1alpha1.ActionChange: notice, v1alpha1.ActionBlocked: bad,
		}[step.Action]
		t.add(step.Name, orNone(step.Provider), cell{words(string(step.Action)), s}, step.Reason)
	}
	return t
}

// stepMore writes what does not fit into the table of steps.
func (p *page) stepMore(step v1alpha1.StepPlan) {
	if len(step.Details) == 0 && (step.Diff == "" || !p.Diff) {
		return
	}
	p.blank()
	p.text("  ", step.Name+":")
	for _, detail := range step.Details {
		p.text("    - ", detail)
	}
	if p.Diff && step.Diff != "" {
		p.verbatim("    ", step.Diff, diffStyle)
	}
}

func diffStyle(l string) style {
	switch {
	case strings.HasPrefix(l, "+"):
		return good
	case strings.HasPrefix(l, "-"):
		return bad
	case strings.HasPrefix(l, "@@"):
		return faint
	}
	return plain
}

// providersLeftOut names the providers that stay as they are although their regions would change.
func providersLeftOut(plan *v1alpha1.Plan) []string {
	var names []string
	for i := range plan.Regions {
		for _, provider := range plan.Regions[i].Providers {
			if leftOut(&plan.Regions[i], provider) {
				names = append(names, provider.Name)
			}
		}
	}
	return names
}

// planSummary says in plain words what the plan amounts to.
func planSummary(plan *v1alpha1.Plan, list func([]string) string) (sentences []string) {
	regions := make(map[v1alpha1.Outcome][]string)
	for _, region := range plan.Regions {
		known := []v1alpha1.Outcome{v1alpha1.OutcomeChangesPending, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomePreflightFailed}
		if !slices.Contains(known, region.Outcome) {
			region.Outcome = v1alpha1.OutcomeFailed
		}
		regions[region.Outcome] = append(regions[region.Outcome], region.Name)
	}
	for _, of := range []struct {
		outcome   v1alpha1.Outcome
		one, many string
	}{
		{v1alpha1.OutcomeChangesPending, "would change", "would change"},
		{v1alpha1.OutcomeNothingToDo, "needs nothing", "need nothing"},
		{v1alpha1.OutcomePreflightFailed, "fails its preflight and would not be touched", "fail their preflight and would not be touched"},
		{v1alpha1.OutcomeFailed, "could not be planned", "could not be planned"},
	} {
		names := regions[of.outcome]
		if len(names) == 1 {
			of.many = of.one
		}
		if len(names) > 0 {
			sentences = append(sentences, fmt.Sprintf("%d of %s %s: %s.", len(names), counted(len(plan.Regions), "region"), of.many, list(names)))
		}
	}
	if len(plan.Regions) == 0 {
		sentences = []string{"There are no regions to plan."}
	}
	if left := providersLeftOut(plan); len(left) > 0 {
		sentences = append(sentences, fmt.Sprintf("Left out: %s of regions that would change: %s.", counted(len(left), "provider"), list(left)))
	}
	return sentences
}
