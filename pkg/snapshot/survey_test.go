package snapshot_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

var errUnreachable = errors.New("no such plugin")

// lost is a region whose clusters cannot be asked.
func lost(name string, access *cluster.Access) snapshot.RegionConfig {
	return snapshot.RegionConfig{
		Region:    fleet.Region{Name: name, Satellite: fleet.Satellite{Context: name}, Providers: []fleet.Provider{{Context: name}}},
		Satellite: access, Providers: []*cluster.Access{access},
	}
}

// surveyOf is a survey of regions without clusters.
func surveyOf(t *testing.T, limit int, names ...string) *snapshot.Survey {
	t.Helper()
	primary, err := coder.New(coder.Config{URL: "https://" + primaryHost, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	config := snapshot.Config{
		Primary: primary.Wrapped(func(http.RoundTripper) http.RoundTripper { return newServers(t) }),
		Clock:   clock.RealClock{}, Limit: limit,
	}
	access := broken(t, errUnreachable)
	for _, name := range names {
		config.Regions = append(config.Regions, lost(name, access))
	}
	survey, err := snapshot.NewSurvey(config)
	if err != nil {
		t.Fatal(err)
	}
	return survey
}

// sleep waits on the bubble's clock, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// A region begins when another has finished, in the order of the fleet, and no more than the
// limit are read at once.
func TestSurveyIsBounded(t *testing.T) {
	for limit, want := range map[int]time.Duration{
		1: 7 * time.Second, 2: 4 * time.Second, 3: 3 * time.Second, 7: time.Second, 0: time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			var (
				mu         sync.Mutex
				began      []string
				now, most  atomic.Int64
				names      = strings.Split("abcdefg", "")
				survey     = surveyOf(t, limit, names...)
				bySource   = make([]string, len(names))
				start      = time.Now()
				turnOfLast time.Duration
			)
			err := survey.Each(t.Context(), 0, func(ctx context.Context, i int, region *snapshot.Region) {
				at := now.Add(1)
				defer now.Add(-1)
				mu.Lock()
				most.Store(max(most.Load(), at))
				began = append(began, region.Region.Name)
				turnOfLast = time.Since(start)
				mu.Unlock()
				bySource[i] = region.Region.Name
				_ = sleep(ctx, time.Second)
			})
			if took := time.Since(start); err != nil || took != want {
				t.Errorf("limit %d: it took %s, %v", limit, took, err)
			}
			if limit > 0 && most.Load() > int64(limit) {
				t.Errorf("limit %d: %d at once", limit, most.Load())
			}
			if turnOfLast != want-time.Second {
				t.Errorf("limit %d: the last one began after %s", limit, turnOfLast)
			}
			if diff := cmp.Diff(names, bySource); diff != "" {
				t.Errorf("limit %d (-want +got):\n%s", limit, diff)
			}
			if limit == 1 && !slices.Equal(began, names) {
				t.Errorf("they began in the order %v", began)
			}
		})
	}
}

// Every region has its full time limit, however long it waited for its turn. A region that
// exceeds the limit takes no time from those after it.
func TestSurveyTimeBeginsWithTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		survey := surveyOf(t, 2, "slow", "a", "b", "c", "d")
		needs := []time.Duration{time.Hour, 9 * time.Second, 9 * time.Second, 9 * time.Second, 9 * time.Second}
		errs, took := make([]error, 5), make([]time.Duration, 5)
		start := time.Now()
		err := survey.Each(t.Context(), 10*time.Second, func(ctx context.Context, i int, _ *snapshot.Region) {
			turn := time.Now()
			errs[i] = sleep(ctx, needs[i])
			took[i] = time.Since(turn)
		})
		if err != nil {
			t.Error(err)
		}
		if !errors.Is(errs[0], context.DeadlineExceeded) || errors.Join(errs[1:]...) != nil {
			t.Errorf("errors: %v", errs)
		}
		want := []time.Duration{10 * time.Second, 9 * time.Second, 9 * time.Second, 9 * time.Second, 9 * time.Second}
		if diff := cmp.Diff(want, took); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if all := time.Since(start); all != 27*time.Second { // a until 9, slow 10, b 18, c 19, d 27
			t.Errorf("all took %s", all)
		}
	})
}

// A signal ends the running regions, starts no other, and is the error.
func TestSurveyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signal := errors.New("a signal")
		ctx, interrupt := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(time.Second, func() { interrupt(signal) })
		var looked atomic.Int64
		err := surveyOf(t, 2, "a", "b", "c", "d").Each(ctx, time.Minute, func(ctx context.Context, _ int, _ *snapshot.Region) {
			looked.Add(1)
			if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		if took := time.Since(start); took != time.Second || looked.Load() != 2 || !errors.Is(err, signal) {
			t.Errorf("%d regions in %s: %v", looked.Load(), took, err)
		}
		if snapshots, err := surveyOf(t, 2, "a").Collect(ctx, 0); snapshots != nil || !errors.Is(err, signal) {
			t.Errorf("after it: %v, %v", snapshots, err)
		}
	})
}

// A primary that does not answer uses up the first region's time, but not that of the regions
// after it.
func TestSurveyCollects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := newServers(t)
		silent := servers.source(t)
		one := snapshot.RegionConfig{Region: silent.Region, Satellite: silent.SatelliteSite, Providers: []*cluster.Access{silent.ProviderSite}}
		one.Region.Satellite.AccessURL, one.Region.Providers = "", []fleet.Provider{{Name: "sydney", Context: "sydney"}}
		config := snapshot.Config{Primary: silent.Primary, Clock: clock.RealClock{}, Limit: 1, Regions: []snapshot.RegionConfig{one, one, one}}
		config.Regions[1].Region.Name, config.Regions[2].Region.Name = "london", "ohio"
		servers.fail(primaryHost+"/api/private/resource-pools", 0) // uses up the first region's time
		survey, err := snapshot.NewSurvey(config)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, func() { servers.answer(apiHost+"/version", `{"gitVersion":"v1.30.0"}`) })
		regions, err := survey.Collect(t.Context(), 6*time.Second, snapshot.ItemProvider, snapshot.ItemCluster)
		if err != nil || len(regions) != 3 {
			t.Fatalf("%d regions, %v", len(regions), err)
		}
		for i, name := range []string{"sydney", "london", "ohio"} {
			version := "v1.30.0"
			if i == 0 {
				version = "v1.29.3"
			}
			if s := regions[i][0]; s.Region.Name != name || s.Cluster.Value().Version != version || len(s.SamePlace) != 2 {
				t.Errorf("%s: %s, %+v, same place as %v", name, s.Region.Name, s.Cluster, s.SamePlace)
			}
		}
	})
}

// All regions share one read of the primary, and a new survey reads it again.
func TestSurveyAnew(t *testing.T) {
	servers := newServers(t)
	survey := servers.survey(t)
	first := survey.Primary(t.Context())
	servers.fail(primaryHost+"/api/v0/users/me", 401)
	if again := survey.Primary(t.Context()); again.Me.Value().Email != "ann@example.com" {
		t.Errorf("it was asked again: %v", again.Me.Err())
	}
	anew := survey.Anew()
	if me := anew.Regions()[0].Sources[0].Collect(t.Context(), snapshot.ItemProvider).Primary.Me; !coder.IsUnauthorized(me.Err()) {
		t.Errorf("a region's source does not read again: %+v", me)
	}
	if me := anew.Primary(t.Context()).Me; !coder.IsUnauthorized(me.Err()) {
		t.Errorf("it was not read again: %+v", me)
	}
	if s := survey.Regions()[0].Sources[0].Collect(t.Context(), snapshot.ItemProvider); s.Primary.Me.Value().Email != first.Me.Value().Email {
		t.Errorf("the first look has changed: %v", s.Primary.Me.Err())
	}
}

func TestSurveyThatLacksSomething(t *testing.T) {
	servers := newServers(t)
	whole := servers.source(t)
	for name, test := range map[string]struct {
		change func(*snapshot.Config)
		want   string
	}{
		"no primary":       {func(c *snapshot.Config) { c.Primary = nil }, "needs a client of the primary"},
		"no clock":         {func(c *snapshot.Config) { c.Clock = nil }, "and a clock"},
		"no cluster":       {func(c *snapshot.Config) { c.Regions[0].Satellite = nil }, `region "sydney": give the cluster of its satellite`},
		"none of provider": {func(c *snapshot.Config) { c.Regions[0].Providers[0] = nil }, `region "sydney": give the cluster of its satellite`},
		"no provider":      {func(c *snapshot.Config) { c.Regions[0].Providers = nil }, `region "sydney" has 1 providers, but 0 clusters`},
		"others unsited":   {func(c *snapshot.Config) { c.Regions[0].Region.Others = []fleet.Provider{{Name: "x"}} }, `has 1 further providers, but 0 clusters`},
		"no satellite":     {func(c *snapshot.Config) { c.Regions[0].Region.Satellite.AccessURL = "https://x" }, "belong together"},
		"nothing":          {func(*snapshot.Config) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			region := snapshot.RegionConfig{Region: whole.Region, Satellite: whole.SatelliteSite, Providers: []*cluster.Access{whole.ProviderSite}}
			config := snapshot.Config{Primary: whole.Primary, Clock: clock.RealClock{}, Regions: []snapshot.RegionConfig{region}}
			config.Regions[0].Region.Satellite.AccessURL = ""
			test.change(&config)
			survey, err := snapshot.NewSurvey(config)
			if test.want == "" && (err != nil || survey == nil) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Writes through a wrapped source pass the wrapper, both to the cluster and to the primary. The
// original source is unchanged.
func TestWrappedSource(t *testing.T) {
	servers := newServers(t)
	source := servers.source(t)
	var mu sync.Mutex
	hosts := map[string]int{}
	counting := func(whose string) func(http.RoundTripper) http.RoundTripper {
		return func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				hosts[whose+" "+r.URL.Host]++
				mu.Unlock()
				return next.RoundTrip(r)
			})
		}
	}
	wrapped := source.Wrapped(counting("satellite"), counting("provider"), counting("primary"))
	source.Collect(t.Context(), snapshot.StatusItems()...)
	if len(hosts) > 0 {
		t.Errorf("the source itself is wrapped: %v", hosts)
	}
	s := wrapped.Collect(t.Context(), snapshot.StatusItems()...)
	if lost := unknown(s); len(lost) > 0 || hosts["satellite "+apiHost] == 0 || hosts["provider "+apiHost] == 0 || hosts["primary "+primaryHost] == 0 || len(hosts) != 3 {
		t.Errorf("unknown: %v; through the wrapper: %v", lost, hosts)
	}

	without := servers.source(t, func(c *snapshot.RegionConfig) {
		c.Satellite, c.Region.Satellite, c.Endpoint = nil, fleet.Satellite{}, nil
	})
	same := func(next http.RoundTripper) http.RoundTripper { return next }
	if stays := without.Wrapped(same, same, same); stays.SatelliteSite != nil {
		t.Errorf("a region without a satellite: %+v", stays)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
