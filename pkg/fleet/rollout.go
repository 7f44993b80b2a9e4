package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// defaultWaves puts the first region alone, so that a mistake in what all
// regions share costs one region, and then all the others.
func defaultWaves(regions []Region) [][]string {
	names := regionNames(regions)
	if len(names) < 2 {
		return [][]string{names}
	}
	return [][]string{names[:1], names[1:]}
}

// keep keeps only the regions that are wanted, in the fleet's order, and drops
// waves that are empty then. Of waves that are as by default, the first is one region still.
func (f *Fleet) keep(wanted func(name string) bool) {
	byDefault := slices.EqualFunc(f.Waves, defaultWaves(f.Regions), slices.Equal[[]string])
	other := func(name string) bool { return !wanted(name) }
	f.Regions = slices.DeleteFunc(f.Regions, func(region Region) bool { return other(region.Name) })
	if byDefault && len(f.Regions) > 0 {
		f.Waves = defaultWaves(f.Regions)
		return
	}
	for i := range f.Waves {
		f.Waves[i] = slices.DeleteFunc(f.Waves[i], other)
	}
	f.Waves = slices.DeleteFunc(f.Waves, func(wave []string) bool { return len(wave) == 0 })
}

// selectProviders keeps only the providers of these names, and of the regions
// those that have one; the others of such a region become its Others. A provider
// that is found by its address is named by its region. No names select everything.
// A name that no provider has is a *FieldError, which names similar ones.
func (f *Fleet) selectProviders(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var known, keeping []string
	for i := range f.Regions {
		region := &f.Regions[i]
		var selected, others []Provider
		for _, provider := range region.Providers {
			name := cmp.Or(provider.Name, region.Name)
			known = append(known, name)
			if slices.Contains(names, name) {
				selected = append(selected, provider)
			} else {
				others = append(others, provider)
			}
		}
		if len(selected) > 0 {
			region.Providers, region.Others = selected, others
			keeping = append(keeping, region.Name)
		}
	}
	p := &problems{}
	for _, name := range names {
		if !slices.Contains(known, name) {
			p.addf("--provider", "the regions have no provider %q%s", name, orKnown(name, known))
		}
	}
	if len(p.found) == 0 {
		f.keep(func(name string) bool { return slices.Contains(keeping, name) })
	}
	return p.err()
}

// maxListed is how many names an error lists before it says how many more.
const maxListed = 12

// orKnown suggests similar names or, if there are none, lists what there is.
func orKnown(name string, known []string) string {
	if meant := suggest.DidYouMean(name, known); meant != "" {
		return meant
	}
	if len(known) == 0 {
		return ""
	}
	return "; there are: " + listed(known)
}

func listed(names []string) string {
	text := strings.Join(names[:min(len(names), maxListed)], ", ")
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", text, more)
	}
	return text
}

func regionNames(regions []Region) []string {
	names := make([]string, 0, len(regions))
	for _, region := range regions {
		names = append(names, region.Name)
	}
	return names
}
