package printer

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

type entry struct {
	label string
	style style
	text  string
}

// fleetReport writes what went wrong in many regions, each cause once, and the commands to
// run next, each for all regions that it is for. What differs a little, such as the DNS
// record that is missing, is written for each region, unless there are too many.
func (p *page) fleetReport(regions []v1alpha1.RegionReport) {
	var entries groups[entry]
	var found groups[v1alpha1.CheckResult]
	var next groups[string]
	var folders []string
	regions = slices.DeleteFunc(slices.Clone(regions), func(region v1alpha1.RegionReport) bool { return gravity(region) == 0 })
	slices.SortStableFunc(regions, func(a, b v1alpha1.RegionReport) int { return gravity(b) - gravity(a) })
	failed := slices.DeleteFunc(slices.Clone(regions), func(region v1alpha1.RegionReport) bool { return region.Outcome == v1alpha1.OutcomeNotStarted })
	for i := range regions {
		region := &regions[i]
		p.joinChecks(&found, region.Name, v1alpha1.Notable(region.Preflight), len(region.Providers) > 1)
		p.outcome(region, func(label string, s style, text string) {
			key := text
			if len(failed) > tall {
				key = Vague(region.Name, text)
			}
			if text != "" {
				entries.join(entry{label, s, text}, region.Name, label+key)
			}
		})
		if gap := gapCell(region.Measured); gap.style == notice {
			entries.join(entry{"gap", notice, "something that users need did not answer for " + gap.text}, region.Name, "gap"+gap.text)
		}
		if region.Evidence != "" {
			folders = distinct(append(folders, filepath.Dir(region.Evidence))...)
		}
		if flag := " --region " + region.Name; region.Next != "" {
			next.join("", region.Name, strings.Replace(region.Next+" ", flag+" ", "\x00 ", 1))
		}
	}
	slices.SortStableFunc(entries.list, func(a, b *group[entry]) int { // that something could not be undone comes first
		return strings.Count(b.first.label, notUndone) - strings.Count(a.first.label, notUndone)
	})
	slices.SortStableFunc(next.list, func(a, b *group[string]) int { // and a rollback
		return strings.Count(b.key, pluginName+" rollback ") - strings.Count(a.key, pluginName+" rollback ")
	})
	p.blank()
	write := p.entries(len(notUndone))
	for _, g := range entries.list {
		write(g.first.label, g.first.style, p.whose(g.where, g.first.text))
	}
	p.causes(found)
	p.blank()
	for _, folder := range folders {
		p.copied("evidence", folder)
	}
	for _, g := range next.list {
		p.copied("next", strings.TrimSpace(strings.Replace(g.key, "\x00", " --region "+strings.Join(g.where, ","), 1)))
	}
}
