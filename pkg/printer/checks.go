package printer

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// joinChecks adds a region's findings to others'. With -o wide, regions stay apart; without a region's name, only equal
// findings are joined.
func (p *page) joinChecks(found *Groups[v1alpha1.CheckResult], region string, results []v1alpha1.CheckResult, several bool) {
	for _, r := range results {
		key := r.ID + string(r.State) + Vague(region, r.Message) + Vague(region, r.Hint)
		if p.wide || region == "" {
			key = region + r.ID + string(r.State) + r.Message + r.Hint
		}
		found.Join(r, place(region, r.Provider, several), key)
	}
}

// causes writes what checks found, first what fails regions or, with -o wide, region by region.
func (p *page) causes(found Groups[v1alpha1.CheckResult]) {
	if len(found.List) == 0 {
		return
	}
	if !p.wide {
		slices.SortStableFunc(found.List, func(a, b *Group[v1alpha1.CheckResult]) int { return cmp.Compare(a.First.Severity, b.First.Severity) })
	}
	p.blank()
	p.found(found)
}

// whose prefixes a text with the names that it is about.
func (p *page) whose(names []string, text string) string {
	names = distinct(names...)
	if len(names) > 1 {
		return fmt.Sprintf("%s (also %s): %s", names[0], p.list(names[1:]), text)
	}
	return strings.Join(append(names, text), ": ")
}

// found writes results, each with its hint and, if it did not pass, with where to read more.
func (p *page) found(found Groups[v1alpha1.CheckResult]) {
	const stateWidth = len("UNKNOWN")
	styles := map[v1alpha1.CheckState]style{
		v1alpha1.CheckPass: good, v1alpha1.CheckWarn: notice, v1alpha1.CheckUnknown: notice, v1alpha1.CheckSkipped: faint,
	}
	width := 0
	for _, g := range found.List {
		width = max(width, min(widthOf(line(g.First.ID)), 30))
	}
	deeper := strings.Repeat(" ", 2+stateWidth+len(gap))
	for _, g := range found.List {
		result := g.First
		label := pad(truncate(strings.ToUpper(line(string(result.State))), stateWidth), stateWidth)
		label += gap + pad(truncate(line(result.ID), width), width)
		p.hang("  "+cmp.Or(styles[result.State], bad).apply(label, p.Color)+gap, len(deeper)+width+len(gap), plain, p.whose(g.Regions, result.Message))
		if !result.Notable() {
			continue
		}
		hint := forAll(g.Regions, result.Hint)
		if strings.HasPrefix(hint, "kubectl ") {
			p.command(deeper+"try:  ", hint) // a command is not broken
		} else if hint != "" {
			p.text(deeper+"hint: ", hint)
		}
		p.command(deeper+"more: ", pluginName+" explain "+result.ID)
	}
}

// forAll adds the other regions to the commands in the first one's hint, except to one for one of several providers.
func forAll(regions []string, hint string) string {
	if len(regions) < 2 {
		return hint
	}
	first := regexp.MustCompile(" --region " + regexp.QuoteMeta(regions[0]) + "( |`|$)")
	return first.ReplaceAllString(hint, " --region "+strings.Join(regions, ",")+"$1")
}

// checkList writes what checks mean: one in full, several in a table or, with -o wide, all in full.
func (p *page) checkList(list *v1alpha1.CheckList) {
	if len(list.Items) != 1 && !p.wide {
		t := newTable("CHECK", "CATEGORY", "SEVERITY", "QUESTION")
		for _, info := range list.Items {
			t.add(info.ID, info.Category, Words(string(info.Severity)), info.Question)
		}
		p.table(t, "")
		return
	}
	for _, info := range list.Items {
		p.blank()
		p.title(info.ID, strong)
		kind := "category " + info.Category + ", severity " + Words(string(info.Severity))
		if info.Preflight {
			kind += ", a failure stops a migration before it starts"
		}
		p.text("  ", kind)
		p.blank()
		p.text("  ", info.Question)
		p.blank()
		p.paragraphs("  ", info.Explanation)
	}
}
