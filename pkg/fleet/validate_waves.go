package fleet

import (
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

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
