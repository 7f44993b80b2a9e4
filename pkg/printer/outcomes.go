package printer

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

type entry struct{ Label, Text string }

// outcomes are what a run did to regions.
type outcomes struct {
	Alone    *v1alpha1.RegionReport // under its title, which has its name, and told in full; nil for several regions
	Entries  Groups[entry]
	Found    *Groups[any]
	Next     Groups[string]
	Evidence []string
}

// outcomes joins what a run did to regions. What differs a little, such as the missing DNS record, it keeps for each
// region, unless there are too many.
func (p *page) outcomes(regions any, alone bool) (*outcomes, error) {
	all, reports := &outcomes{Found: &Groups[any]{}}, each(regions)
	if alone {
		region, _ := reports[0].(v1alpha1.RegionReport)
		all.Alone = &region
	}
	started := len(reports) - number(each(regions, "Outcome"), string(v1alpha1.OutcomeNotStarted))
	for _, one := range reports {
		region, _ := one.(v1alpha1.RegionReport)
		name, folder, several := region.Name, region.Evidence, len(region.Providers) > 1
		if alone {
			name = ""
		} else if folder != "" {
			folder = filepath.Dir(folder)
		}
		all.Evidence = distinct(all.Evidence, folder)
		p.findings(all.Found, name, v1alpha1.Notable(region.Preflight), len(region.Providers))
		text, err := p.render("entries", struct {
			v1alpha1.RegionReport
			Alone bool
		}{region, alone})
		if err != nil {
			return nil, err
		}
		for l := range strings.SplitSeq(text, "\n") {
			parts := strings.Split(l, cellMark)
			if len(parts) < 3 || parts[2] == "" {
				continue
			}
			key := parts[2]
			if started > tall {
				key = Vague(region.Name, key)
			}
			all.Entries.Join(entry{parts[0], parts[2]}, place(name, parts[1], several), parts[0]+key)
		}
		if region.Next != "" {
			all.Next.Join(region.Next, region.Name, strings.Replace(region.Next+" ", " --region "+region.Name+" ", " --region ", 1))
		}
	}
	slices.SortStableFunc(all.Entries.List, func(a, b *Group[entry]) int { // that something could not be undone comes first
		return strings.Count(b.First.Label, "could not be undone") - strings.Count(a.First.Label, "could not be undone")
	})
	slices.SortStableFunc(all.Next.List, func(a, b *Group[string]) int { // and a rollback
		return strings.Count(b.Key, "coder-satellite rollback ") - strings.Count(a.Key, "coder-satellite rollback ")
	})
	return all, nil
}
