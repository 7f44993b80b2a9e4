package printer

import (
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// plan writes what a migration would do.
func (h human) plan(p *page, plan *v1alpha1.Plan) {
	p.title(primaryLine(plan.Primary), plain)
	for i := range plan.Regions {
		p.blank()
		h.regionPlan(p, &plan.Regions[i], plan.Waves)
	}
	p.blank()
	for _, sentence := range planSummary(plan, h.Ahead) {
		p.text("", sentence)
	}
}

func (h human) regionPlan(p *page, region *v1alpha1.RegionPlan, waves [][]string) {
	title := fmt.Sprintf("Region %s: %s", region.Name, words(string(region.Outcome)))
	p.title(title, outcomeStyle(region.Outcome))
	entry := func(label string, s style, text string) { p.entry("  ", label, len("satellite"), s, text) }
	if satellite := region.Satellite; satellite == nil {
		entry("satellite", plain, "none: users connect through the primary")
	} else {
		entry("context", plain, orNone(satellite.Context))
		entry("satellite", plain, orNone(satellite.AccessURL)+", release "+satellite.Release+" in namespace "+satellite.Namespace)
	}
	for _, provider := range region.Providers {
		entry("provider", leftOutStyle(region, provider), providerLine(region, provider))
	}
	if wave := waveOf(region.Name, waves); wave > 0 && len(waves) > 1 {
		p.entry("  ", "wave", len("satellite"), plain, fmt.Sprintf("%d of %d", wave, len(waves)))
	}
	if h.wide {
		p.entry("  ", "plan", len("satellite"), plain, orNone(region.Fingerprint))
	}
	if failed := v1alpha1.Notable(region.Preflight); len(failed) > 0 {
		p.blank()
		p.checks(perProvider(failed, len(region.Providers) > 1), "  ")
	}
	if len(region.Steps) > 0 {
		p.blank()
	}
	p.table(stepTable(region.Steps, len(region.Providers) > 1), h.wide, "  ")
	for _, step := range region.Steps {
		h.stepMore(p, step)
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

func leftOutStyle(region *v1alpha1.RegionPlan, provider v1alpha1.ProviderPlan) style {
	if leftOut(region, provider) {
		return bad
	}
	return plain
}

// stepTable has a column for the provider if the region has several.
func stepTable(steps []v1alpha1.StepPlan, several bool) table {
	t := table{columns: []column{{title: "STEP"}, {title: "PROVIDER", hidden: !several}, {title: "ACTION"}, {title: "WHAT"}}}
	for _, step := range steps {
		s := plain
		switch step.Action {
		case v1alpha1.ActionNone:
			s = good
		case v1alpha1.ActionChange:
			s = notice
		case v1alpha1.ActionBlocked:
			s = bad
		}
		t.rows = append(t.rows, []cell{{text: step.Name}, {text: orNone(step.Provider)}, {text: words(string(step.Action)), style: s}, {text: step.Reason}})
	}
	return t
}

// stepMore writes what does not fit into the table of steps.
func (h human) stepMore(p *page, step v1alpha1.StepPlan) {
	if len(step.Details) == 0 && (step.Diff == "" || !h.Diff) {
		return
	}
	p.blank()
	p.text("  ", step.Name+":")
	for _, detail := range step.Details {
		p.hanging("    ", "- ", detail)
	}
	if h.Diff && step.Diff != "" {
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

// waveOf returns the number of the region's wave, counted from 1; 0 if it is in none.
func waveOf(region string, waves [][]string) int {
	for i, wave := range waves {
		for _, name := range wave {
			if name == region {
				return i + 1
			}
		}
	}
	return 0
}

// planSummary says in plain words what the plan amounts to.
func planSummary(plan *v1alpha1.Plan, ahead bool) []string {
	byOutcome := make(map[v1alpha1.Outcome][]string)
	for _, region := range plan.Regions {
		outcome := region.Outcome
		switch outcome {
		case v1alpha1.OutcomeChangesPending, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomePreflightFailed:
		default:
			outcome = v1alpha1.OutcomeFailed
		}
		byOutcome[outcome] = append(byOutcome[outcome], region.Name)
	}
	total := len(plan.Regions)
	var sentences []string
	for _, part := range []struct {
		outcome   v1alpha1.Outcome
		one, many string
	}{
		{v1alpha1.OutcomeChangesPending, "would change", "would change"},
		{v1alpha1.OutcomeNothingToDo, "needs nothing", "need nothing"},
		{v1alpha1.OutcomePreflightFailed, "fails its preflight and would not be touched", "fail their preflight and would not be touched"},
		{v1alpha1.OutcomeFailed, "could not be planned", "could not be planned"},
	} {
		if names := byOutcome[part.outcome]; len(names) > 0 {
			phrase := part.many
			if len(names) == 1 {
				phrase = part.one
			}
			sentences = append(sentences, fmt.Sprintf("%d of %s %s: %s.", len(names), counted(total, "region"), phrase, strings.Join(names, ", ")))
		}
	}
	if total == 0 {
		sentences = append(sentences, "There are no regions to plan.")
	}
	if left := providersLeftOut(plan); len(left) > 0 {
		sentences = append(sentences, fmt.Sprintf("Left out: %s of regions that would change: %s.", counted(len(left), "provider"), strings.Join(left, ", ")))
	}
	if ahead {
		return sentences
	}
	return append(sentences, "This was a plan: nothing was changed.")
}
