package fleet

import (
	"errors"
	"fmt"
	"slices"

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

// Select keeps only the regions of these names, in the fleet's order, and drops
// waves that are empty then. No names select everything. A name that is not in
// the fleet is a *FieldError, which names similar ones.
func (f *Fleet) Select(names []string) error {
	if len(names) == 0 {
		return nil
	}
	known := regionNames(f.Regions)
	var errs []error
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, &FieldError{Field: "--region", Problem: fmt.Sprintf("the fleet has no region %q%s", name, orKnown(name, known))})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var regions []Region
	for _, region := range f.Regions {
		if slices.Contains(names, region.Name) {
			regions = append(regions, region)
		}
	}
	var waves [][]string
	for _, wave := range f.Waves {
		var kept []string
		for _, name := range wave {
			if slices.Contains(names, name) {
				kept = append(kept, name)
			}
		}
		if len(kept) > 0 {
			waves = append(waves, kept)
		}
	}
	f.Regions, f.Waves = regions, waves
	return nil
}

// SelectProviders keeps only the providers of these names, and of the regions
// those that have one; the others of such a region become its Others. A provider
// that is found by its address is named by its region. No names select everything.
// A name that no provider has is a *FieldError, which names similar ones.
func (f *Fleet) SelectProviders(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var known, keeping []string
	for i := range f.Regions {
		region := &f.Regions[i]
		var selected, others []Provider
		for _, provider := range region.Providers {
			name := firstOf(provider.Name, region.Name)
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
	var errs []error
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, &FieldError{Field: "--provider", Problem: fmt.Sprintf("the regions have no provider %q%s", name, orKnown(name, known))})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return f.Select(keeping)
}

// maxListed is how many names an error lists before it says how many more.
const maxListed = 10

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
	text := ""
	for i, name := range names {
		if i == maxListed {
			return fmt.Sprintf("%s and %d more", text, len(names)-maxListed)
		}
		if i > 0 {
			text += ", "
		}
		text += name
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
