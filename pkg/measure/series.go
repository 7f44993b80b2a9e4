package measure

import (
	"context"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// series is what was found of one path.
type series struct {
	path Path
	// again makes it be asked at once, and closes what it is given afterwards; stop makes
	// it be asked no more, and ended is closed when that is so.
	again chan chan<- struct{}
	stop  context.CancelFunc
	ended chan struct{}

	answered         bool // at any time
	probes, failures int
	took             [phases]durations
	// down is since when there is no answer; zero while there is.
	down    time.Time
	longest time.Duration
}

// note notes how one question went.
func (s *series) note(phase Phase, began, ended time.Time, err error) {
	if err != nil && s.path.New && !s.answered {
		return // nobody misses it yet
	}
	s.probes++
	if err != nil {
		s.failures++
		if s.down.IsZero() {
			s.down = began
		}
	} else {
		if s.answered && s.down.IsZero() { // else it took the making of the connection as well
			s.took[phase].add(ended.Sub(began))
		}
		s.answered = true
	}
	if !s.down.IsZero() {
		s.longest = max(s.longest, ended.Sub(s.down))
	}
	if err == nil {
		s.down = time.Time{}
	}
}

// measured sums the series up.
func (s *series) measured() v1alpha1.PathMeasurement {
	return v1alpha1.PathMeasurement{
		Path: s.path.Name, Provider: s.path.Provider, URL: s.path.URL,
		Probes: s.probes, Failures: s.failures, LongestGapMilliseconds: s.longest.Milliseconds(),
		Before: s.took[Before].latency(), During: s.took[During].latency(), After: s.took[After].latency(),
	}
}

// durations are how long answers took: how many there were, and the latest of them, an
// hour's.
type durations struct {
	answers int
	latest  []time.Duration
}

// maxDurations bounds how many are kept.
const maxDurations = 3600

func (d *durations) add(one time.Duration) {
	if len(d.latest) < maxDurations {
		d.latest = append(d.latest, one)
	} else {
		d.latest[d.answers%maxDurations] = one
	}
	d.answers++
}

// latency sums them up; nil if there is none.
func (d *durations) latency() *v1alpha1.Latency {
	if len(d.latest) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(d.latest))
	percentile := func(percent int) int64 { return sorted[(percent*len(sorted)+99)/100-1].Microseconds() }
	return &v1alpha1.Latency{Answers: d.answers, MedianMicroseconds: percentile(50), P95Microseconds: percentile(95)}
}
