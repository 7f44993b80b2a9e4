package fleet

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// selectRegions keeps only the regions that Regions and Selector both choose,
// without those of Exclude. What matches nothing in the file, and a choice that
// leaves no region, is a *FieldError.
func (f Flags) selectRegions(fleet *Fleet) error {
	p, chosen := &problems{}, regionNames(fleet.Regions)
	excluded := p.matching("--exclude", f.Exclude, chosen)
	if len(f.Regions) > 0 {
		chosen = p.matching("--region", f.Regions, chosen)
	}
	labelled := p.labelled(f.Selector, fleet.Regions)
	if err := p.err(); err != nil {
		return err
	}
	fleet.keep(func(name string) bool {
		return slices.Contains(chosen, name) && slices.Contains(labelled, name) && !slices.Contains(excluded, name)
	})
	if len(fleet.Regions) == 0 {
		p.addf("", "--region, --selector and --exclude leave no region together: loosen one of them")
	}
	return p.err()
}

// matching returns the names that match a flag's values: each is a list, with
// commas, of names and of patterns as those of path.Match.
func (p *problems) matching(flag string, values, names []string) (found []string) {
	for pattern := range strings.SplitSeq(strings.Join(values, ","), ",") {
		before := len(found)
		for _, name := range names {
			if matches, _ := path.Match(pattern, name); matches {
				found = append(found, name)
			}
		}
		if len(found) == before && len(values) > 0 { // a pattern that is malformed matches nothing
			p.addf(flag, "the fleet has no region %q%s", pattern, orKnown(pattern, names))
		}
	}
	return found
}

// labelled returns the names of the regions whose labels match the selector,
// which is one of kubectl's; an empty one matches all.
func (p *problems) labelled(selector string, regions []Region) (names []string) {
	wanted, err := labels.Parse(selector)
	there := make(map[string]bool)
	for _, region := range regions {
		for key, value := range region.Labels {
			there[key+"="+value] = true
		}
		if err == nil && wanted.Matches(labels.Set(region.Labels)) {
			names = append(names, region.Name)
		}
	}
	if len(names) == 0 {
		p.addf("--selector", "%q: %v; the fleet's labels are: %s", selector,
			cmp.Or(err, errors.New("no region has such labels")), cmp.Or(listed(slices.Sorted(maps.Keys(there))), "none"))
	}
	return names
}
