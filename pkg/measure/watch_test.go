package measure

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// server answers after a delay, and is away for a period.
type server struct {
	began    time.Time
	takes    time.Duration
	from, to time.Duration
	hangs    bool // while it is away; otherwise it refuses at once
	closed   bool
}

func (s *server) ask(ctx context.Context) error {
	if now := time.Since(s.began); now >= s.from && now < s.to {
		if s.hangs {
			<-ctx.Done()
		}
		return errors.New("away")
	}
	select {
	case <-time.After(s.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *server) path(name string) Path {
	return Path{Name: name, URL: "https://" + name, Ask: s.ask, Close: func() { s.closed = true }}
}

// One minute with a change from second 20 to second 40, on paths that are away for different
// periods.
func TestWatch(t *testing.T) {
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		server
		isNew            bool
		probes, failures int
		gap              time.Duration // the true gap; the measured one is within a second of it
		answers          [phases]int
	}{
		"near":             {server{takes: 20 * ms}, false, 61, 0, 0, [phases]int{19, 20, 21}},
		"restarted":        {server{takes: 20 * ms, from: 25500 * ms, to: 29700 * ms}, false, 61, 4, 4200 * ms, [phases]int{19, 15, 21}},
		"hanging":          {server{takes: 20 * ms, from: 25500 * ms, to: 35 * time.Second, hangs: true}, false, 55, 3, 9500 * ms, [phases]int{19, 10, 21}},
		"away to the end":  {server{takes: 20 * ms, from: 50500 * ms, to: time.Hour}, false, 61, 10, 8990 * ms, [phases]int{19, 20, 11}},
		"away at first":    {server{takes: 20 * ms, to: 10500 * ms}, false, 61, 11, 10500 * ms, [phases]int{8, 20, 21}},
		"installed":        {server{takes: 20 * ms, to: 30500 * ms}, true, 30, 0, 0, [phases]int{0, 8, 21}},
		"never there":      {server{to: time.Hour}, true, 0, 0, 0, [phases]int{}},
		"installed, fails": {server{takes: 20 * ms, from: 30500 * ms, to: 33500 * ms}, true, 61, 3, 3 * time.Second, [phases]int{19, 16, 21}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &test.server
				s.began = time.Now()
				path := s.path("satellite")
				path.New = test.isNew
				w := Start(t.Context(), clock.RealClock{}, []Path{path})
				<-time.After(20*time.Second - 500*ms)
				w.Begin(During)
				<-time.After(20 * time.Second)
				w.Begin(After)
				<-time.After(20*time.Second - 10*ms)
				got := w.Stop()[0]
				answers := [phases]int{}
				for i, l := range []*v1alpha1.Latency{got.Before, got.During, got.After} {
					if l == nil {
						continue
					}
					if answers[i] = l.Answers; l.MedianMicroseconds != test.takes.Microseconds() || l.P95Microseconds != test.takes.Microseconds() {
						t.Errorf("phase %d: %+v", i, l)
					}
				}
				off := time.Duration(got.LongestGapMilliseconds)*ms - test.gap
				if got.Probes != test.probes || got.Failures != test.failures || off.Abs() > time.Second || test.gap == 0 && off != 0 {
					t.Errorf("%+v, %s off", got, off)
				}
				if diff := cmp.Diff(test.answers, answers); diff != "" {
					t.Error(diff)
				}
				if !s.closed {
					t.Error("the path was not closed")
				}
			})
		})
	}
}

// With ten paths each one is probed less often, which bounds the total rate.
func TestWatchManyPaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{began: time.Now()}
		w := Start(t.Context(), clock.RealClock{}, slices.Repeat([]Path{{Name: "legacy", Ask: s.ask}}, 10))
		<-time.After(10*time.Second - time.Millisecond)
		probes := 0
		for _, path := range w.Stop() {
			probes += path.Probes - 1 // not counting the last probe, which Stop makes
		}
		if probes != 40 {
			t.Errorf("%d in 10 seconds", probes)
		}
	})
}

// After users have left a path, it is no longer probed for their provider.
func TestWatchEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{began: time.Now(), from: 2500 * time.Millisecond, to: time.Hour, hangs: true}
		first := s.path("legacy")
		first.Provider = "a"
		w := Start(t.Context(), clock.RealClock{}, []Path{
			first, {Name: "legacy", Provider: "b", Ask: s.ask}, {Name: "legacy", Ask: s.ask}, {Name: "primary", Ask: s.ask},
		})
		<-time.After(2750 * time.Millisecond)
		w.End("legacy", "a")
		if !s.closed {
			t.Error("it was not closed")
		}
		<-time.After(10 * time.Second)
		w.End("legacy", "a") // repeating it does no harm
		for i, measured := range w.Stop() {
			ended := i == 0 || i == 2
			if (measured.Failures == 0) != ended || ended && measured.Probes != 3 {
				t.Errorf("path %d: %+v", i, measured)
			}
		}
	})
}

// The watch ends with the run, and a probe in progress at that moment does not count as a
// failure.
func TestWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{began: time.Now(), takes: 100 * time.Millisecond}
		ctx, cancel := context.WithCancel(t.Context())
		w := Start(ctx, clock.RealClock{}, []Path{s.path("primary")})
		<-time.After(2050 * time.Millisecond)
		cancel()
		if got := w.Stop()[0]; got.Probes != 2 || got.Failures != 0 {
			t.Errorf("%+v", got)
		}
		if got := w.paths[0].took[Before].latency(); got == nil || got.MedianMicroseconds != s.takes.Microseconds() {
			t.Errorf("meanwhile: %+v", got)
		}
		if got := w.paths[0].took[After].latency(); got != nil {
			t.Errorf("without any probe: %+v", got)
		}
	})
}

func TestDurations(t *testing.T) {
	var d durations
	if d.latency() != nil {
		t.Error("nothing took some time")
	}
	for i := range maxDurations + 100 {
		d.add(time.Duration(i) * time.Microsecond)
	}
	want := &v1alpha1.Latency{Answers: maxDurations + 100, MedianMicroseconds: 1899, P95Microseconds: 3519} // of 100 to 3699
	if diff := cmp.Diff(want, d.latency()); diff != "" {
		t.Error(diff)
	}
}
