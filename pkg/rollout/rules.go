package rollout

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Rules say which regions of a fleet may be in progress at the same time.
type Rules struct {
	Waves       []fleet.Wave // a wave starts when the one before it is done
	MaxFailures int          // regions that may fail; with one more, no further region starts
}

type state int

const (
	waiting state = iota
	atWork
	done
	failed
)

// mayStart returns the regions that may start now. If none is in progress and none may start, none ever will.
func (r Rules) mayStart(states map[string]state) []string {
	if count(states, failed) > r.MaxFailures {
		return nil
	}
	for _, wave := range r.Waves {
		var next []string
		working := 0
		for _, name := range wave.Regions {
			switch states[name] {
			case waiting:
				next = append(next, name)
			case atWork:
				working++
			}
		}
		if len(next)+working > 0 { // the wave is not done
			free := max(wave.MaxParallel, 1) - working
			return next[:min(len(next), max(free, 0))]
		}
	}
	return nil
}

func count(states map[string]state, wanted state) int {
	n := 0
	for _, found := range states {
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
