package fleet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// validateUnique notes what two regions share and must not. Names differ by
// more than case, because they also name folders on systems that ignore it.
func validateUnique(p *problems, in []v1alpha1.Region, out []Region) {
	unique := []struct {
		field string
		value func(i int) string
		why   string
	}{
		{"name", func(i int) string { return strings.ToLower(in[i].Name) }, "names must differ by more than upper and lower case"},
		{"context", func(i int) string { return in[i].Context }, "a cluster is one region"},
		{"accessURL", func(i int) string { return out[i].AccessURL }, "every satellite needs a URL of its own"},
		{"provider", func(i int) string { return in[i].Provider }, "a workspace provider belongs to one region"},
	}
	for _, u := range unique {
		first := make(map[string]int, len(in))
		for i := range in {
			value := u.value(i)
			if value == "" || strings.Contains(value, "@") {
				continue // not there, or a URL with a password, which no error may repeat
			}
			if earlier, ok := first[value]; ok {
				path := func(i int) string { return fmt.Sprintf("regions[%d].%s", i, u.field) }
				_, line, _ := p.origin.place(path(earlier))
				where := ""
				if line > 0 {
					where = fmt.Sprintf(" (line %d)", line)
				}
				p.addf(path(i), "%q is also that of regions[%d]%s; %s", value, earlier, where, u.why)
				continue
			}
			first[value] = i
		}
	}
}

// validateWaves notes waves that do not hold each region exactly once: a region
// that was forgotten there would silently never be migrated.
func validateWaves(p *problems, in v1alpha1.Fleet) {
	if len(in.Rollout.Waves) == 0 {
		return
	}
	var names []string
	for _, region := range in.Regions {
		names = append(names, region.Name)
	}
	placed := make(map[string]string)
	for i, wave := range in.Rollout.Waves {
		if len(wave) == 0 {
			p.addf(fmt.Sprintf("rollout.waves[%d]", i), "is empty; name regions or leave it out")
		}
		for j, name := range wave {
			path := fmt.Sprintf("rollout.waves[%d][%d]", i, j)
			switch earlier, twice := placed[name]; {
			case !slices.Contains(names, name):
				p.addf(path, "no region is called %q%s", name, suggest.DidYouMean(name, names))
			case twice:
				p.addf(path, "the region %q is already in %s", name, earlier)
			default:
				placed[name] = fmt.Sprintf("waves[%d]", i)
			}
		}
	}
	for _, name := range names {
		if _, ok := placed[name]; !ok && name != "" {
			p.addf("rollout.waves", "the region %q is in no wave; add it, or leave out all waves", name)
		}
	}
}
