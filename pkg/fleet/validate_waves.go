package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// waves returns the fleet's waves, which contain each region exactly once: a forgotten region would never be migrated.
func (v *validator) waves() (waves []Wave) {
	placed, names := make(map[string]string), regionNames(v.out.Regions) // the path of each region's wave
	for i, declared := range v.in.Rollout.Waves {
		for j, name := range declared.Regions {
			wave := fmt.Sprintf("rollout.waves[%d]", i)
			path := fmt.Sprintf("%s.regions[%d]", wave, j)
			v.addIf(!slices.Contains(names, name), path, "no region is called %q%s", name, suggest.DidYouMean(name, names))
			v.addIf(placed[name] != "", path, "the region %q is already in %s", name, placed[name])
			placed[name] = wave
		}
	}
	for i, declared := range v.in.Rollout.Waves {
		path := fmt.Sprintf("rollout.waves[%d]", i)
		wave := v.wave(path, strconv.Itoa(i+1), declared)
		v.addIf(slices.ContainsFunc(waves, func(other Wave) bool { return other.Name == wave.Name }), path+".name", "the name %q is already another wave's", wave.Name)
		wanted, err := labels.Parse(declared.Selector)
		v.addIf(err != nil, path+".selector", "%q: %v", declared.Selector, err)
		for _, region := range v.out.Regions {
			if err == nil && len(declared.Regions) == 0 && placed[region.Name] == "" && wanted.Matches(labels.Set(region.Labels)) {
				wave.Regions, placed[region.Name] = append(wave.Regions, region.Name), path
			}
		}
		v.addIf(err == nil && len(wave.Regions) == 0, path, "has no region: earlier waves and those that name regions leave none that its selector matches")
		wave.MaxParallel = v.parallel(path+".maxParallel", declared.MaxParallel, len(wave.Regions))
		waves = append(waves, wave)
	}
	for _, name := range names {
		v.addIf(placed[name] == "" && name != "" && len(waves) > 0, "rollout.waves",
			"the region %q is in no wave; add it, or a last wave without regions and selector, for all others", name)
	}
	return waves
}

func (v *validator) wave(path, number string, in v1alpha1.Wave) Wave {
	wave := Wave{Name: cmp.Or(in.Name, number), Regions: slices.Clone(in.Regions)}
	v.addIf(!validName.MatchString(wave.Name), path+".name", "%q: use up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends", wave.Name)
	v.addIf(len(in.Regions) > 0 && in.Selector != "", path+".selector", "cannot be used with regions; leave one of them out")
	return wave
}

// parallel returns how many of a wave's regions may be in progress: a number, or a percentage of them, rounded up.
func (v *validator) parallel(path, text string, regions int) int {
	number, err := intstr.GetScaledValueFromIntOrPercent(ptr.To(intstr.Parse(cmp.Or(text, strconv.Itoa(v.out.MaxParallel)))), regions, true)
	v.addIf(text != "" && (err != nil || number < min(1, regions) || strings.HasSuffix(text, "%") && number > regions), path,
		"%q is neither a number above 0 nor a percentage from 1%% to 100%%", text)
	return max(number, 1)
}
