package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Rules say which regions of a fleet may be in progress, and when.
type Rules struct {
	Waves       []fleet.Wave // a wave starts when the one before it is done
	MaxFailures int          // regions that may fail; with one more, no further region starts
}

type progress int

const (
	elsewhere progress = iota // another run migrates it
	waiting
	atWork
	done
	failed
)

// decision is what may happen now.
type decision struct {
	start []string    // regions of the wave that may start
	wave  string      // their wave
	waits string      // what the next regions wait for; empty if they wait for regions in progress, or if there are none
	todo  string      // what somebody must do about that
	until time.Time   // when time alone ends the wait; zero if it does not
	look  *fleet.Wave // the wave to look at now
	stops string      // why no further region starts, ever
}

// decide returns what may happen now in a run that began then. regions are all of this run; state is what is known of all. If
// nothing is in progress, and nothing may start or is waited for, nothing ever will.
func (r Rules) decide(regions map[string]progress, state State, began, now time.Time) decision {
	ours, foreign := count(regions, failed), r.failedElsewhere(regions, state)
	if ours > r.MaxFailures {
		return decision{stops: fmt.Sprintf("%d region(s) failed (rollout.maxFailures)", ours)}
	}
	tooMany := ours+len(foreign) > r.MaxFailures
	for i, wave := range r.Waves {
		var next, held []string
		working, known := 0, state[wave.Name]
		for _, name := range wave.Regions {
			switch _, again := known.Failed[name]; {
			case regions[name] == waiting && tooMany && !again:
				held = append(held, name)
			case regions[name] == waiting:
				next = append(next, name)
			case regions[name] == atWork:
				working++
			}
		}
		switch {
		case len(next) > 0:
			if d := mayBegin(wave, known, now); d.waits != "" {
				return d
			}
			free := max(wave.MaxParallel, 1) - working
			return decision{start: next[:min(len(next), max(free, 0))], wave: wave.Name}
		case len(held) > 0:
			return decision{waits: fmt.Sprintf("other runs failed in %s: migrate each again with --region, or allow more failures with --max-failures", some(foreign))}
		case working > 0 || !r.later(i, regions):
			return decision{}
		case len(wave.All) == 0, wave.Soak == 0 && len(wave.Gates) == 0 && len(others(wave, regions)) == 0, known.Passed.covers(wave):
			continue
		}
		return judged(wave, known, began, now)
	}
	return decision{}
}

// later reports whether this run has regions that wait in later waves.
func (r Rules) later(wave int, regions map[string]progress) bool {
	return slices.ContainsFunc(r.Waves[wave+1:], func(other fleet.Wave) bool {
		return slices.ContainsFunc(other.Regions, func(name string) bool { return regions[name] == waiting })
	})
}

// others returns the wave's regions that this run does not migrate.
func others(wave fleet.Wave, regions map[string]progress) []string {
	return slices.DeleteFunc(fleet.RegionNames(wave.All), func(name string) bool { return regions[name] != elsewhere })
}

// failedElsewhere returns the regions of the waves that failed in other runs.
func (r Rules) failedElsewhere(regions map[string]progress, state State) (names []string) {
	for _, wave := range r.Waves {
		for _, name := range others(wave, regions) {
			if _, bad := state[wave.Name].Failed[name]; bad {
				names = append(names, name)
			}
		}
	}
	return names
}

// waveOf returns the index of the region's wave.
func (r Rules) waveOf(region string) int {
	return slices.IndexFunc(r.Waves, func(wave fleet.Wave) bool { return slices.Contains(wave.Regions, region) })
}

// mayBegin returns what the wave's regions wait for before they may start.
func mayBegin(wave fleet.Wave, known WaveState, now time.Time) decision {
	if wave.Approval && !known.Approval.covers(wave) {
		d := decision{waits: fmt.Sprintf("wave %q waits for an approval", wave.Name)}
		if known.Approval != nil {
			d.waits += fmt.Sprintf("; that of %s does not cover regions that joined it since", known.Approval.By)
		}
		d.todo = fmt.Sprintf("wave %q waits for an approval: kubectl coder-satellite approve %s --reason WHY", wave.Name, wave.Flags)
		return d
	}
	if opens := wave.Window.Opens(now); opens.After(now) {
		return decision{waits: fmt.Sprintf("wave %q waits until its window opens, %s", wave.Name, opens.Format("Mon 2006-01-02 15:04 MST")), until: opens}
	}
	return decision{}
}

// judged returns what the next wave waits for after this one.
func judged(wave fleet.Wave, known WaveState, began, now time.Time) decision {
	if known.Refused != nil && !known.Refused.At.Before(began) { // a later run may look again
		return decision{stops: known.Refused.Reason}
	}
	ends, due := known.since().Add(wave.Soak), known.due(wave, began)
	d := decision{until: due, waits: fmt.Sprintf("wave %q soaks until %s, if its status stays good", wave.Name, moment(ends))}
	switch {
	case !known.Unhealthy.IsZero() && !known.Unhealthy.Before(known.Looked):
		d.waits = fmt.Sprintf("the next wave waits until the status of wave %q is good", wave.Name)
		if wave.Soak > 0 {
			d.waits = fmt.Sprintf("the soak of wave %q restarts when its status is good", wave.Name)
		}
	case !now.Before(ends):
		d.waits = fmt.Sprintf("wave %q is checked before the next one starts", wave.Name)
	}
	if !now.Before(due) {
		d.look = &wave
	}
	return d
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

// some names a few of many.
func some(names []string) string {
	const most = 3
	text := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func count(regions map[string]progress, wanted progress) int {
	n := 0
	for _, found := range regions {
		if found == wanted {
			n++
		}
	}
	return n
}

// without returns the rules for a run that leaves regions out, which then count for nothing. The first wave shows what the
// others risk: if all of it is left out, the next region takes its place, alone.
func (r Rules) without(leftOut func(name string) bool) Rules {
	r.Waves = slices.Clone(r.Waves)
	for i, wave := range r.Waves {
		r.Waves[i].All = slices.DeleteFunc(slices.Clone(wave.All), func(region fleet.Region) bool { return leftOut(region.Name) })
	}
	left := func(name string) bool { return !leftOut(name) }
	if len(r.Waves) < 2 || len(r.Waves[0].Regions) == 0 || slices.ContainsFunc(r.Waves[0].Regions, left) {
		return r
	}
	at := slices.IndexFunc(r.Waves[1].Regions, left)
	if at < 0 {
		return r
	}
	first, rest := r.Waves[1], r.Waves[1]
	first.Regions, first.Soak, first.Gates = rest.Regions[at:at+1], 0, nil
	first.All = slices.DeleteFunc(slices.Clone(rest.All), func(region fleet.Region) bool { return region.Name != first.Regions[0] })
	rest.Regions = slices.Delete(slices.Clone(rest.Regions), at, at+1)
	r.Waves = slices.Concat(r.Waves[:1], []fleet.Wave{first, rest}, r.Waves[2:])
	return r
}
