package printer

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// findings adds a region's notable results or, with -o wide, all to others'. With -o wide, regions stay apart; without
// a region's name, only equal results are joined.
func (p *page) findings(found *Groups[any], region string, results []v1alpha1.CheckResult, providers int) string {
	if !p.wide {
		results = v1alpha1.Notable(results)
	}
	for _, r := range results {
		key := r.ID + string(r.State) + Vague(region, r.Message) + Vague(region, r.Hint)
		if p.wide || region == "" {
			key = region + r.ID + string(r.State) + r.Message + r.Hint
		}
		found.Join(r, place(region, r.Provider, providers > 1), key)
	}
	return ""
}

// causes returns what checks found, first what fails regions or, with -o wide, region by region.
func (p *page) causes(found *Groups[any]) []*Group[any] {
	all := slices.Clone(found.List)
	if !p.wide {
		slices.SortStableFunc(all, func(a, b *Group[any]) int {
			return cmp.Compare(a.First.(v1alpha1.CheckResult).Severity, b.First.(v1alpha1.CheckResult).Severity)
		})
	}
	return all
}

// whose prefixes a text with the names that it is about.
func (p *page) whose(names any, text string) string {
	of := distinct(names)
	if len(of) > 1 {
		return fmt.Sprintf("%s (also %s): %s", of[0], p.list(of[1:]), text)
	}
	return strings.Join(append(of, text), ": ")
}

// forAll adds the other regions to the commands in the first one's hint, except to one for one of several providers.
func forAll(regions []string, hint string) string {
	if len(regions) < 2 {
		return hint
	}
	first := regexp.MustCompile(" --region " + regexp.QuoteMeta(regions[0]) + "( |`|$)")
	return first.ReplaceAllString(hint, " --region "+strings.Join(regions, ",")+"$1")
}
