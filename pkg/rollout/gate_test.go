package rollout

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// A gate that does not hold ends the run, with the reason, and what is unknown does not hold. Its command gets the events.
func TestGates(t *testing.T) {
	const shell = "sh"
	got := filepath.Join(t.TempDir(), "events")
	with := func(change func(*v1alpha1.ProviderStatus)) *v1alpha1.StatusReport {
		report := good("a")
		change(&report.Regions[0].Providers[0])
		return report
	}
	gap := func(ms int64) *v1alpha1.StatusReport {
		return with(func(p *v1alpha1.ProviderStatus) { p.LongestGapMilliseconds = &ms })
	}
	far := with(func(p *v1alpha1.ProviderStatus) { p.Distance.SatelliteMicroseconds = 90 })
	unmeasured := with(func(p *v1alpha1.ProviderStatus) { p.Distance = nil })
	for name, test := range map[string]struct {
		gate   fleet.Gate
		status *v1alpha1.StatusReport
		why    string // empty if it holds
	}{
		"a check":                      {fleet.Gate{Check: "satellite-ready"}, good("a"), ""},
		"a check warns":                {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckWarn), "a: satellite-ready: warn: no pod is ready"},
		"a check does not apply":       {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckSkipped), ""},
		"no such check":                {fleet.Gate{Check: "legacy-idle"}, good("a"), `status has no answer to legacy-idle`},
		"near":                         {fleet.Gate{LatencyRatio: 0.7}, good("a"), ""},
		"far":                          {fleet.Gate{LatencyRatio: 0.8}, far, "a, provider p: the round trip to the satellite is 0.90 times the one to the primary, more than 0.8"},
		"no distance":                  {fleet.Gate{LatencyRatio: 9}, unmeasured, "the distances of its users are unknown"},
		"a short gap":                  {fleet.Gate{MaxGap: time.Second}, gap(1000), ""},
		"a long gap":                   {fleet.Gate{MaxGap: time.Second}, gap(1001), "users got no answer for 1.001s, longer than 1s"},
		"no gap was measured":          {fleet.Gate{MaxGap: time.Second}, good("a"), "it is unknown how long users got no answer, because the migration did not measure; leave the region out"},
		"a command":                    {fleet.Gate{Exec: []string{shell, "-c", "cat > " + got}}, good("a"), ""},
		"a command fails":              {fleet.Gate{Exec: []string{shell, "-c", "seq 10000; echo the smoke test failed; exit 3"}}, good("a"), "exit status 3: "},
		"there is no such command":     {fleet.Gate{Exec: []string{"./no-such-command"}}, good("a"), "no-such-command"},
		"a region without a satellite": {fleet.Gate{LatencyRatio: 0.1}, &v1alpha1.StatusReport{Regions: []v1alpha1.RegionStatus{{Name: "a"}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), paced(func(first, _ *fleet.Wave) {
				first.Gates = []fleet.Gate{test.gate, {Exec: []string{shell, "-c", "true"}}}
			})...)
			m.loop.regions["a"] = done
			m.becomes(test.status)
			m.start()
			<-m.ended
			if test.why == "" {
				m.hasBegun("b")
				return
			}
			m.hasBegun()
			why, outcome := m.loop.why(t.Context())
			if !strings.Contains(why, `not started, because wave "1" does not pass its gate: `) || !strings.Contains(why, test.why) || outcome != v1alpha1.OutcomePreflightFailed {
				t.Errorf("%q, %s", why, outcome)
			}
			if len(why) > 2<<10 {
				t.Errorf("%d bytes", len(why))
			}
		})
	}
	if events, err := os.ReadFile(got); err != nil || string(events) != "{\"event\":1}\n" {
		t.Errorf("the command got %q, %v", events, err)
	}
}

// A gate that did not hold stops the runs of that time, wherever they are. A later one looks again.
func TestRefusal(t *testing.T) {
	clock, store := clocktesting.NewFakeClock(begins), newMemory()
	waves := wavesOf(1, []string{"a"}, []string{"b", "c"})
	waves[0].Gates = []fleet.Gate{{Check: "satellite-ready"}}
	shard := func(ours ...string) *machine {
		own := slices.Clone(waves)
		own[0].Regions, own[1].Regions = nil, ours
		m := newMachine(t, clock, store, own...)
		m.becomes(bad(v1alpha1.CheckWarn))
		return m
	}
	second := shard("c")
	first := shard("b").start()
	<-first.ended
	clock.Step(time.Second)
	second.start()
	<-second.ended
	second.hasBegun()
	if why, outcome := second.loop.why(t.Context()); !strings.Contains(why, "satellite-ready: warn") || outcome != v1alpha1.OutcomePreflightFailed || second.looks > 0 {
		t.Errorf("%q, %s, %d looks", why, outcome, second.looks)
	}
	clock.Step(time.Second)
	third := shard("c") // which looks at once
	third.becomes(good("a"))
	third.start()
	<-third.ended
	third.hasBegun("c")
}
