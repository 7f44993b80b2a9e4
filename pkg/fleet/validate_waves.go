package fleet

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// waves returns the fleet's waves, which contain each region exactly once: a forgotten region would never be migrated.
func (v *validator) waves() (waves []Wave) {
	placed, names := make(map[string]string), RegionNames(v.out.Regions) // the path of each region's wave
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
		v.addIf(err == nil && len(wave.Regions) == 0, path, "has no region left: earlier waves, and those that name regions, take all that it would match")
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
	wave := Wave{
		Name: cmp.Or(in.Name, number), Regions: slices.Clone(in.Regions), Approval: in.Approval == "required",
		Window: v.window(path+".window", in.Window), Soak: v.duration(path+".soak", in.Soak),
	}
	v.addIf(!validName.MatchString(wave.Name), path+".name", "%q: use up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends", wave.Name)
	v.addIf(len(in.Regions) > 0 && in.Selector != "", path+".selector", "cannot be used with regions; leave one of them out")
	v.addIf(in.Approval != "" && !wave.Approval, path+".approval", `%q: it must be "required", or left out`, in.Approval)
	v.addIf(wave.Approval && v.in.Rollout.Home == "", path+".approval", "needs rollout.home, the context of a cluster where approvals are kept")
	for i, gate := range in.Gates {
		wave.Gates = append(wave.Gates, v.gate(fmt.Sprintf("%s.gates[%d]", path, i), gate))
	}
	return wave
}

func (v *validator) gate(path string, in v1alpha1.Gate) Gate {
	gate := Gate{Check: in.Check, MaxGap: v.duration(path+".maxGap", in.MaxGap), Exec: in.Exec}
	if in.LatencyRatio != "" {
		ratio, err := strconv.ParseFloat(in.LatencyRatio, 64)
		v.addIf(err != nil || !(ratio > 0), path+".latencyRatio", "%q is not a number above 0, such as 0.8", in.LatencyRatio)
		gate.LatencyRatio = ratio
	}
	given := slices.DeleteFunc([]string{in.Check, in.LatencyRatio, in.MaxGap, strings.Join(in.Exec[:min(1, len(in.Exec))], "")}, func(text string) bool { return text == "" })
	v.addIf(len(given) != 1, path, "needs exactly one of check, latencyRatio, maxGap and exec")
	if len(gate.Exec) > 0 {
		dir, err := filepath.Abs(v.folder)
		v.addIf(err != nil, path+".exec", "%v", err)
		gate.Dir = dir
	}
	return gate
}

func (v *validator) window(path string, in v1alpha1.Window) Window {
	zone, err := time.LoadLocation(in.TimeZone)
	v.addIf(err != nil || in.TimeZone == "Local", path+".timeZone", "%q is not the name of a time zone, such as Europe/London", in.TimeZone)
	window := Window{From: v.timeOfDay(path+".from", in.From), To: v.timeOfDay(path+".to", in.To), Zone: zone}
	if len(in.Days) > 0 || window.From != window.To {
		days := strings.Join(in.Days, ", ")
		window.Text = strings.TrimSpace(fmt.Sprintf("%s %s to %s %s", days, cmp.Or(in.From, "00:00"), cmp.Or(in.To, "00:00"), zone))
	}
	v.addIf(in.TimeZone != "" && window.Text == "", path+".timeZone", "means nothing without days, or from and to")
	for i, name := range in.Days {
		day := time.Sunday
		for day <= time.Saturday && day.String()[:3] != name {
			day++
		}
		v.addIf(day > time.Saturday, fmt.Sprintf("%s.days[%d]", path, i), "%q is not one of Mon, Tue, Wed, Thu, Fri, Sat, Sun", name)
		window.Days = append(window.Days, day)
	}
	return window
}

func (v *validator) timeOfDay(path, text string) time.Duration {
	at, err := time.Parse("15:04", cmp.Or(text, "00:00"))
	v.addIf(err != nil, path, "%q is not a time of day, such as 09:30", text)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

func (v *validator) duration(path, text string) time.Duration {
	duration, err := time.ParseDuration(cmp.Or(text, "0"))
	v.addIf(err != nil || text != "" && duration <= 0, path, "%q is not a duration above 0 in hours, minutes or seconds, such as 24h, 90m or 5s", text)
	return duration
}

// parallel returns how many of a wave's regions may be in progress: a number, or a percentage of them, rounded up.
func (v *validator) parallel(path, text string, regions int) int {
	number, err := intstr.GetScaledValueFromIntOrPercent(ptr.To(intstr.Parse(cmp.Or(text, strconv.Itoa(v.out.MaxParallel)))), regions, true)
	v.addIf(text != "" && (err != nil || number < min(1, regions) || strings.HasSuffix(text, "%") && number > regions), path,
		"%q is neither a number above 0 nor a percentage from 1%% to 100%%", text)
	return max(number, 1)
}
