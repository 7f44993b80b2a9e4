package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

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
			switch earlier, twice := placed[name]; {
			case !slices.Contains(names, name):
				v.addf(path, "no region is called %q%s", name, suggest.DidYouMean(name, names))
			case twice:
				v.addf(path, "the region %q is already in %s", name, earlier)
			default:
				placed[name] = wave
			}
		}
	}
	for i, declared := range v.in.Rollout.Waves {
		path := fmt.Sprintf("rollout.waves[%d]", i)
		wave := v.wave(path, strconv.Itoa(i+1), declared)
		if len(declared.Regions) == 0 {
			wave.Regions = v.chosen(path, declared.Selector, placed)
		}
		v.addIf(len(declared.Regions) > 0 && declared.Selector != "", path+".selector", "cannot be used with regions; leave one of them out")
		v.addIf(slices.ContainsFunc(waves, func(other Wave) bool { return other.Name == wave.Name }), path+".name", "the name %q is already another wave's", wave.Name)
		wave.MaxParallel = v.parallel(path+".maxParallel", declared.MaxParallel, len(wave.Regions))
		waves = append(waves, wave)
	}
	for _, name := range names {
		if _, ok := placed[name]; !ok && name != "" && len(waves) > 0 {
			v.addf("rollout.waves", "the region %q is in no wave; add it, or a last wave without regions and selector, for all others", name)
		}
	}
	return waves
}

// chosen returns the regions that are in no wave and match the selector, and places them in the wave at that path.
func (v *validator) chosen(path, selector string, placed map[string]string) (names []string) {
	wanted, err := labels.Parse(selector)
	if err != nil {
		v.addf(path+".selector", "%q: %v", selector, err)
		return nil
	}
	for _, region := range v.out.Regions {
		if _, ok := placed[region.Name]; !ok && wanted.Matches(labels.Set(region.Labels)) {
			names = append(names, region.Name)
			placed[region.Name] = path
		}
	}
	v.addIf(len(names) == 0, path, "has no region: earlier waves and those that name regions leave none that its selector matches")
	return names
}

func (v *validator) wave(path, number string, in v1alpha1.Wave) Wave {
	wave := Wave{
		Name: cmp.Or(in.Name, number), Regions: in.Regions, Approval: in.Approval == "required",
		Window: v.window(path+".window", in.Window), Soak: v.duration(path+".soak", in.Soak),
	}
	v.addIf(!validName.MatchString(wave.Name), path+".name", "%q: use up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends", wave.Name)
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
	set := 0
	for _, given := range []bool{in.Check != "", in.LatencyRatio != "", in.MaxGap != "", len(in.Exec) > 0} {
		if given {
			set++
		}
	}
	v.addIf(set != 1, path, "needs exactly one of check, latencyRatio, maxGap and exec")
	v.addIf(in.MaxGap != "" && v.in.Rollout.Home == "", path+".maxGap", "needs rollout.home, the context of a cluster where measurements are kept")
	v.addIf(len(in.Exec) > 0 && in.Exec[0] == "", path+".exec[0]", "is empty; name a command")
	return gate
}

func (v *validator) window(path string, in v1alpha1.Window) Window {
	window := Window{From: v.timeOfDay(path+".from", in.From), To: v.timeOfDay(path+".to", in.To)}
	zone, err := time.LoadLocation(in.TimeZone)
	v.addIf(err != nil || in.TimeZone == "Local", path+".timeZone", "%q is not the name of a time zone, such as Europe/London", in.TimeZone)
	window.Zone = zone
	for i, day := range in.Days {
		known := slices.IndexFunc(weekdays(), func(name string) bool { return name == day })
		v.addIf(known < 0, fmt.Sprintf("%s.days[%d]", path, i), "%q is not one of %s", day, strings.Join(weekdays(), ", "))
		window.Days = append(window.Days, time.Weekday(known))
	}
	return window
}

// weekdays are the days' names in a Fleet file, by time.Weekday.
func weekdays() []string { return []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"} }

func (v *validator) timeOfDay(path, text string) time.Duration {
	if text == "" {
		return 0
	}
	at, err := time.Parse("15:04", text)
	v.addIf(err != nil || len(text) != len("15:04"), path, "%q is not a time of day, such as 09:30", text)
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

func (v *validator) duration(path, text string) time.Duration {
	if text == "" {
		return 0
	}
	duration, err := time.ParseDuration(text)
	v.addIf(err != nil || duration <= 0, path, "%q is not a duration above 0, such as 90m or 24h", text)
	return duration
}

// parallel returns how many of a wave's regions may be in progress: a number, or a percentage of them, rounded up.
func (v *validator) parallel(path, text string, regions int) int {
	if text == "" {
		return v.out.MaxParallel
	}
	number, isPercent := strings.CutSuffix(text, "%")
	value, err := strconv.Atoi(number)
	v.addIf(err != nil || value < 1 || isPercent && value > 100, path, "%q is neither a number above 0 nor a percentage from 1%% to 100%%", text)
	if isPercent {
		return max(1, (value*regions+99)/100)
	}
	return value
}
