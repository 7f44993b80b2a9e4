package measure

import (
	"context"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

type series struct {
	path  Path
	stop  context.CancelFunc // ends the probes, and has ended closed
	ended chan struct{}

	answered         bool // at any time
	probes, failures int
	took             [phases]durations
	down             time.Time // when the present outage began; zero if there is none
	longest          time.Duration
}

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
		if s.answered && s.down.IsZero() { // otherwise it includes the time to connect
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

func (s *series) measured() v1alpha1.PathMeasurement {
	return v1alpha1.PathMeasurement{
		Path: s.path.Name, Provider: s.path.Provider, URL: s.path.URL,
		Probes: s.probes, Failures: s.failures, LongestGapMilliseconds: s.longest.Milliseconds(),
		Before: s.took[Before].latency(), During: s.took[During].latency(), After: s.took[After].latency(),
	}
}

// durations are response times: how many there were, and the latest of them.
type durations struct {
	answers int
	latest  []time.Duration
}

// maxDurations is how many are kept, an hour's.
const maxDurations = 3600

func (d *durations) add(one time.Duration) {
	if len(d.latest) < maxDurations {
		d.latest = append(d.latest, one)
	} else {
		d.latest[d.answers%maxDurations] = one
	}
	d.answers++
}

func (d *durations) latency() *v1alpha1.Latency {
	if len(d.latest) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(d.latest))
	percentile := func(percent int) int64 { return sorted[(percent*len(sorted)+99)/100-1].Microseconds() }
	return &v1alpha1.Latency{Answers: d.answers, MedianMicroseconds: percentile(50), P95Microseconds: percentile(95)}
}
