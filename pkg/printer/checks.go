package printer

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// checks writes the results of a region's checks; what several of its providers have in
// common is written once.
func (p *page) checks(results []v1alpha1.CheckResult, several bool) {
	var found groups[v1alpha1.CheckResult]
	p.joinChecks(&found, "", results, several)
	p.found(found)
}

// joinChecks adds what a region's checks found to what is found of others. The wide form
// joins no regions; without a region's name, only equal findings are joined.
func (p *page) joinChecks(found *groups[v1alpha1.CheckResult], region string, results []v1alpha1.CheckResult, several bool) {
	for _, r := range results {
		where, key := region, ""
		if several && r.Provider != "" {
			where = strings.TrimPrefix(region+"/"+r.Provider, "/")
		}
		if p.wide || region == "" {
			key = region + r.ID + string(r.State) + r.Message + r.Hint
		} else {
			key = r.ID + string(r.State) + Vague(region, r.Message) + Vague(region, r.Hint)
		}
		found.join(r, where, key)
	}
}

// causes writes what the checks of a fleet found, first what fails regions, or in the wide
// form each region in turn.
func (p *page) causes(found groups[v1alpha1.CheckResult]) {
	if !p.wide {
		slices.SortStableFunc(found.list, func(a, b *group[v1alpha1.CheckResult]) int { return cmp.Compare(a.first.Severity, b.first.Severity) })
	}
	p.blank()
	p.found(found)
}

// whose puts the names of those that a text is about before it; it is in the first one's words.
func (p *page) whose(names []string, text string) string {
	if len(names) > 1 {
		return fmt.Sprintf("%s (also %s): %s", names[0], p.list(names[1:]), text)
	}
	return strings.Join(append(names, text), ": ")
}

// found writes results, each with its hint and, if it did not pass, with where to read more.
func (p *page) found(found groups[v1alpha1.CheckResult]) {
	width := 0
	for _, g := range found.list {
		width = max(width, min(widthOf(line(g.first.ID)), 30))
	}
	deeper := strings.Repeat(" ", 2+stateWidth+len(gap))
	for _, g := range found.list {
		result := g.first
		label := pad(truncate(strings.ToUpper(line(string(result.State))), stateWidth), stateWidth)
		label += gap + pad(truncate(line(result.ID), width), width)
		p.hang("  "+checkStyle(result.State).apply(label, p.Color)+gap, len(deeper)+width+len(gap), plain, p.whose(g.where, result.Message))
		if !result.Notable() {
			continue
		}
		hint := forAll(g.where, result.Hint)
		if strings.HasPrefix(hint, "kubectl ") {
			p.command(deeper+"try:  ", hint) // a command is not broken
		} else if hint != "" {
			p.text(deeper+"hint: ", hint)
		}
		p.command(deeper+"more: ", pluginName+" explain "+result.ID)
	}
}

// forAll returns a hint for the first of some regions with the others in its commands, too. A
// command for one of several providers stays as it is.
func forAll(regions []string, hint string) string {
	if len(regions) < 2 {
		return hint
	}
	first := regexp.MustCompile(" --region " + regexp.QuoteMeta(regions[0]) + "( |`|$)")
	return first.ReplaceAllString(hint, " --region "+strings.Join(regions, ",")+"$1")
}

const stateWidth = len("UNKNOWN")

func checkStyle(state v1alpha1.CheckState) style {
	return cmp.Or(map[v1alpha1.CheckState]style{
		v1alpha1.CheckPass: good, v1alpha1.CheckWarn: notice, v1alpha1.CheckUnknown: notice, v1alpha1.CheckSkipped: faint,
	}[state], bad)
}
