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
	waiting progress = iota
	atWork
	done
	failed
)

// decision is what may happen now.
type decision struct {
	start []string    // regions that may start
	waits string      // what the next regions wait for; empty if they wait for regions in progress, or if there are none
	todo  string      // what somebody must do about that
	until time.Time   // when time alone ends the wait; zero if it does not
	look  *fleet.Wave // the wave to look at now
	final bool        // the wave's soak is over, so that its gates decide
}

// decide returns what may happen now. regions are all of this run; state is what is known of all, at that time. If nothing
// is in progress, and nothing may start or is waited for, nothing ever will.
func (r Rules) decide(regions map[string]progress, state State, now time.Time) decision {
	failures := count(regions, failed)
	for _, wave := range r.Waves {
		for _, region := range wave.All {
			if _, ours := regions[region.Name]; !ours && state[wave.Name].failed(region.Name) {
				failures++
			}
		}
	}
	if failures > r.MaxFailures {
		return decision{}
	}
	for i, wave := range r.Waves {
		var next, elsewhere []string
		working, known := 0, state[wave.Name]
		for _, name := range wave.Regions {
			switch regions[name] {
			case waiting:
				next = append(next, name)
			case atWork:
				working++
			}
		}
		for _, region := range wave.All {
			_, ours := regions[region.Name]
			if _, ended := known.Ended[region.Name]; !ended && !ours {
				elsewhere = append(elsewhere, region.Name)
			}
		}
		switch {
		case len(next) > 0:
			if blocked := mayBegin(wave, known, now); blocked.waits != "" {
				return blocked
			}
			free := max(wave.MaxParallel, 1) - working
			return decision{start: next[:min(len(next), max(free, 0))]}
		case working > 0 || !r.later(i):
			return decision{}
		case len(elsewhere) > 0:
			return decision{waits: fmt.Sprintf("wave %q is not complete: no run with this home has finished %s", wave.Name, some(elsewhere))}
		}
		if d, over := soaked(wave, known, now); !over {
			return d
		}
	}
	return decision{}
}

// later reports whether this run has regions in waves after that one.
func (r Rules) later(wave int) bool {
	return slices.ContainsFunc(r.Waves[wave+1:], func(other fleet.Wave) bool { return len(other.Regions) > 0 })
}

// mayBegin returns what the wave's regions wait for before they may start.
func mayBegin(wave fleet.Wave, known WaveState, now time.Time) decision {
	if wave.Approval && !known.approved(wave) {
		d := decision{waits: fmt.Sprintf("wave %q waits for an approval", wave.Name)}
		if known.Approval != nil {
			d.waits += fmt.Sprintf("; that of %s does not cover regions that joined it since", known.Approval.By)
		}
		d.todo = "approve the wave " + wave.Name + " with `kubectl coder-satellite approve --wave " + wave.Name + " --reason WHY` and the same Fleet file"
		return d
	}
	if opens := wave.Window.Opens(now); opens.After(now) {
		return decision{waits: fmt.Sprintf("wave %q waits until its window opens, %s", wave.Name, moment(opens)), until: opens}
	}
	return decision{}
}

// soaked returns what the next wave waits for after this one, and whether it need not wait any more.
func soaked(wave fleet.Wave, known WaveState, now time.Time) (d decision, over bool) {
	if wave.Soak == 0 && len(wave.Gates) == 0 || known.passed() {
		return decision{}, true
	}
	ends, due := known.since().Add(wave.Soak), known.Looked.Add(lookEvery(wave))
	d.final = !now.Before(ends)
	switch {
	case !now.Before(due), d.final && known.Looked.Before(ends):
		d.look = &wave
	case !d.final && ends.Before(due):
		d.until = ends
	default:
		d.until = due
	}
	d.waits = fmt.Sprintf("wave %q soaks until %s, if nothing goes wrong", wave.Name, moment(ends))
	if d.final {
		d.waits = fmt.Sprintf("wave %q is looked at before the next one starts", wave.Name)
	}
	return d, false
}

// lookEvery is the time between two looks at a wave that soaks.
func lookEvery(wave fleet.Wave) time.Duration {
	if wave.Soak == 0 {
		return 30 * time.Second
	}
	return min(max(wave.Soak/10, time.Second), 5*time.Minute)
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

// without returns the rules for a run that leaves regions out. The first wave shows what the others risk: if all of
// it is left out, the next region takes its place, alone.
func (r Rules) without(leftOut func(name string) bool) Rules {
	left := func(name string) bool { return !leftOut(name) }
	if len(r.Waves) < 2 || slices.ContainsFunc(r.Waves[0].Regions, left) {
		return r
	}
	at := slices.IndexFunc(r.Waves[1].Regions, left)
	if at < 0 {
		return r
	}
	first, others := r.Waves[1], r.Waves[1]
	first.Regions = others.Regions[at : at+1]
	others.Regions = slices.Delete(slices.Clone(others.Regions), at, at+1)
	r.Waves = slices.Concat(r.Waves[:1], []fleet.Wave{first, others}, r.Waves[2:])
	return r
}
