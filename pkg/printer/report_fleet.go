package printer

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// entry is a sentence about a region, and what it is about.
type entry struct {
	label string
	style style
	text  string
}

// fleetReport writes what went wrong in many regions, each cause once, and the commands to
// run next, each for all regions that it is for. What differs a little, such as the DNS
// record that is missing, is told of each region, unless there are too many.
func (p *page) fleetReport(regions []v1alpha1.RegionReport) {
	var entries []*group[entry]
	var found []*group[v1alpha1.CheckResult]
	var next []*group[string]
	var folders []string
	regions = slices.DeleteFunc(slices.Clone(regions), func(region v1alpha1.RegionReport) bool { return !troubled(&region) })
	failed := slices.DeleteFunc(slices.Clone(regions), func(region v1alpha1.RegionReport) bool { return region.Outcome == v1alpha1.OutcomeNotStarted })
	for i := range regions {
		region := &regions[i]
		found = p.joinChecks(found, region.Name, v1alpha1.Notable(region.Preflight), len(region.Providers) > 1)
		p.outcome(region, func(label string, s style, text string) {
			key := text
			if len(failed) > tall {
				key = vague(region.Name, text)
			}
			if text != "" {
				entries = join(entries, entry{label, s, text}, region.Name, label+key)
			}
		})
		if region.Evidence != "" {
			folders = distinct(append(folders, filepath.Dir(region.Evidence))...)
		}
		if flag := " --region " + region.Name; region.Next != "" {
			next = join(next, "", region.Name, strings.Replace(region.Next+" ", flag+" ", "\x00 ", 1))
		}
	}
	slices.SortStableFunc(entries, func(a, b *group[entry]) int { // that something could not be undone comes first
		return strings.Count(b.first.label, notUndone) - strings.Count(a.first.label, notUndone)
	})
	p.blank()
	write := p.entries(len(notUndone))
	for _, g := range entries {
		write(g.first.label, g.first.style, p.whose(g.where, g.first.text))
	}
	p.causes(found)
	p.blank()
	for _, folder := range folders {
		p.copied("evidence", folder)
	}
	for _, g := range next {
		names := strings.Join(g.where, ",")
		if len(g.where) > many && !p.wide { // nobody copies so long a line
			names = "NAMES"
			p.text("", fmt.Sprintf("%d regions have the same next command; -o wide writes their names into it.", len(g.where)))
		}
		p.copied("next", strings.TrimSpace(strings.Replace(g.key, "\x00", " --region "+names, 1)))
	}
}
