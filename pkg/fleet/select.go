package fleet

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// selectRegions keeps the regions that Regions, Selector and Wave all select and Exclude does not. A value that matches nothing
// is a *FieldError, and so is an empty selection.
func (f Flags) selectRegions(fleet *Fleet) error {
	p, chosen := &problems{}, RegionNames(fleet.Regions)
	excluded := p.matching("--exclude", f.Exclude, chosen)
	if len(f.Regions) > 0 {
		chosen = p.matching("--region", f.Regions, chosen)
	}
	labelled, wave := p.labelled(f.Selector, fleet.Regions), p.inWave(f.Wave, fleet)
	if err := p.err(); err != nil {
		return err
	}
	fleet.drop(func(name string) bool { return slices.Contains(excluded, name) })
	fleet.keep(func(name string) bool {
		return slices.Contains(chosen, name) && slices.Contains(labelled, name) && slices.Contains(wave, name)
	})
	p.addIf(len(fleet.Regions) == 0, "", "no region matches --region, --selector, --wave and --exclude together: loosen one of them")
	return p.err()
}

// inWave returns the names of the wave's regions; without a wave's name, those of all.
func (p *problems) inWave(wanted string, fleet *Fleet) []string {
	if wanted == "" {
		return RegionNames(fleet.Regions)
	}
	var known []string
	for _, wave := range fleet.Waves {
		if wave.Name == wanted {
			return wave.Regions
		}
		known = append(known, wave.Name)
	}
	p.addf("--wave", "the fleet has no wave %q%s", wanted, orKnown(wanted, known))
	return nil
}

// takeShard keeps one part of the selected regions: every COUNTth, from INDEX on. Its error is a *FieldError.
func (f Flags) takeShard(fleet *Fleet) error {
	if f.Shard == "" {
		return nil
	}
	first, second, _ := strings.Cut(f.Shard, "/")
	index, err := strconv.Atoi(first)
	count, errCount := strconv.Atoi(second)
	p, names := &problems{}, RegionNames(fleet.Regions)
	selected := slices.DeleteFunc(slices.Clone(fleet.Waves), func(wave Wave) bool { return len(wave.Regions) == 0 })
	switch {
	case err != nil || errCount != nil || index < 0 || index >= count:
		p.addf("--shard", "%q is not INDEX/COUNT, with an index from 0 to COUNT-1; for example 0/3, 1/3 and 2/3 for three machines", f.Shard)
	case f.Changes && count > 1 && len(selected) > 1 && fleet.Home == (Home{}): // a machine without the first wave would begin with the second
		p.addf("--shard", "the selected regions are in %d waves, and several machines keep them in order only in a migration whose Fleet file names a "+
			"rollout.home: select one wave with --wave", len(selected))
	case index >= len(names):
		p.addf("--shard", "%q has no region: only %d are selected", f.Shard, len(names))
	default:
		fleet.keep(func(name string) bool { return slices.Index(names, name)%count == index })
		for i, wave := range fleet.Waves { // each machine does its part; --max-parallel is one machine's
			if f.MaxParallel == 0 {
				fleet.Waves[i].MaxParallel = (wave.MaxParallel + count - 1) / count
			}
		}
	}
	return p.err()
}

// matching returns the names that match a flag's values, which are comma-separated lists of names and path.Match patterns.
func (p *problems) matching(flag string, values, names []string) (found []string) {
	for pattern := range strings.SplitSeq(strings.Join(values, ","), ",") {
		before := len(found)
		for _, name := range names {
			if matches, _ := path.Match(pattern, name); matches {
				found = append(found, name)
			}
		}
		if len(found) == before && len(values) > 0 { // a malformed pattern matches nothing
			p.addf(flag, "the fleet has no region %q%s", pattern, orKnown(pattern, names))
		}
	}
	return found
}

// labelled returns the names of the regions that match kubectl's kind of label selector; an empty one matches all.
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

// selectProviders reduces the fleet to the named providers and their regions; a region's other providers become its Others.
// A provider without a name goes by its region's. No names select everything. Unknown names are *FieldError values.
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

// keep drops regions that are not wanted. With a home, the waves still know them: other runs migrate them.
func (f *Fleet) keep(wanted func(name string) bool) {
	other := func(name string) bool { return !wanted(name) }
	if f.Home == (Home{}) {
		f.drop(other)
		return
	}
	f.deselect(other)
}

func (f *Fleet) deselect(unwanted func(name string) bool) {
	f.Regions = slices.DeleteFunc(f.Regions, func(region Region) bool { return unwanted(region.Name) })
	for i := range f.Waves {
		f.Waves[i].Regions = slices.DeleteFunc(slices.Clone(f.Waves[i].Regions), unwanted)
	}
}

// drop forgets regions, and waves that become empty. Default waves are made again, so that the first still has one region.
func (f *Fleet) drop(unwanted func(name string) bool) {
	f.deselect(unwanted)
	f.Waves = slices.DeleteFunc(f.Waves, func(wave Wave) bool { return len(wave.Regions) == 0 })
	if f.byDefault && len(f.Regions) > 0 {
		f.Waves = f.defaultWaves()
	}
	f.completeWaves()
}
