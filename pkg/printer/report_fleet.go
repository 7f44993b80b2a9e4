package printer

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// fleetReport writes what went wrong in many regions, each cause once, and the commands to run next, each for all its
// regions. It writes what differs a little, such as the missing DNS record, for each region, unless there are too many.
func (p *page) fleetReport(regions []v1alpha1.RegionReport) {
	type entry struct {
		label string
		style style
		text  string
	}
	var entries Groups[entry]
	var found Groups[v1alpha1.CheckResult]
	var next Groups[string]
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
				entries.Join(entry{label, s, text}, region.Name, label+key)
			}
		})
		if gap := gapCell(region.Measured); gap.style == notice {
			entries.Join(entry{"gap", notice, "something that users need did not answer for " + gap.text}, region.Name, "gap"+gap.text)
		}
		if region.Evidence != "" {
			folders = distinct(append(folders, filepath.Dir(region.Evidence))...)
		}
		if flag := " --region " + region.Name; region.Next != "" {
			next.Join("", region.Name, strings.Replace(region.Next+" ", flag+" ", "\x00 ", 1))
		}
	}
	slices.SortStableFunc(entries.List, func(a, b *Group[entry]) int { // that something could not be undone comes first
		return strings.Count(b.First.label, notUndone) - strings.Count(a.First.label, notUndone)
	})
	slices.SortStableFunc(next.List, func(a, b *Group[string]) int { // and a rollback
		return strings.Count(b.Key, pluginName+" rollback ") - strings.Count(a.Key, pluginName+" rollback ")
	})
	p.blank()
	write := p.entries(len(notUndone))
	for _, g := range entries.List {
		write(g.First.label, g.First.style, p.whose(g.Regions, g.First.text))
	}
	p.causes(found)
	p.blank()
	for _, folder := range folders {
		p.copied("evidence", folder)
	}
	for _, g := range next.List {
		p.copied("next", strings.TrimSpace(strings.Replace(g.Key, "\x00", " --region "+strings.Join(g.Regions, ","), 1)))
	}
}
