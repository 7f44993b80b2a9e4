package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// status needs few requests: an object with a known name is fetched by name, a list is narrowed
// by a selector, and a release's records are listed without their content.
func TestStatusRequests(t *testing.T) {
	servers := newServers(t)
	s := servers.source(t).Collect(t.Context(), snapshot.StatusItems()...)
	if lost := unknown(s); len(lost) > 0 {
		t.Errorf("unknown: %v", lost)
	}
	const namespace = "GET api.sydney.example.com/api/v1/namespaces/coder-satellite"
	want := []string{
		"GET 127.0.0.1:1/api",
		"GET 127.0.0.1:1/api/private/satellites/key",
		namespace,
		namespace + "/configmaps/coder-satellite-journal",
		namespace + "/pods?labelSelector=coder.deployment=coderd",
		namespace + "/secrets/coder-replica-private-key",
		namespace + "/secrets?labelSelector=owner=helm,name=coder-satellite (metadata)",
		namespace + "/services/coderd",
		"GET api.sydney.example.com/api/v1/namespaces/coder/configmaps/coder-satellite-journal-p",
		"GET api.sydney.example.com/api/v1/namespaces/coder/secrets?labelSelector=coder-satellite.dev/backup=legacy-release,coder-satellite.dev/status=deployed,!coder-satellite.dev/removed (metadata)",
		"GET api.sydney.example.com/api/v1/namespaces/kube-system",
		"GET api.sydney.example.com/apis/apps/v1/deployments?labelSelector=coder.deployment=envproxy (metadata)",
		"GET api.sydney.example.com/apis/apps/v1/namespaces/coder-satellite/deployments/coderd",
		"GET api.sydney.example.com/apis/coordination.k8s.io/v1/namespaces/coder-satellite/leases/coder-satellite-lock",
		"GET api.sydney.example.com/apis/coordination.k8s.io/v1/namespaces/coder/leases/coder-satellite-lock-p",
		"GET api.sydney.example.com/version",
		"GET coder.example.com/api",
		"GET coder.example.com/api/private/resource-pools",
		"GET coder.example.com/api/private/resource-pools/p/workspaces",
		"GET coder.example.com/api/private/satellites",
		"GET coder.example.com/api/private/satellites/key",
		"GET coder.example.com/api/v0/users/me",
		"GET coder.example.com/api/v0/workspaces",
	}
	if diff := cmp.Diff(want, servers.asked()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, request := range servers.asked() {
		if !strings.HasPrefix(request, "GET ") {
			t.Errorf("a status writes: %s", request)
		}
	}
}

// A fact that cannot be read makes only the facts that depend on it unknown.
func TestOneFailureHidesNothing(t *testing.T) {
	const namespace, inProvider = apiHost + "/api/v1/namespaces/coder-satellite", apiHost + "/api/v1/namespaces/coder"
	for path, want := range map[string][]string{
		primaryHost + "/api":                                     {"version"},
		primaryHost + "/api/v0/users/me":                         {"me", "canary"},
		primaryHost + "/api/private/resource-pools":              {"providers", "provider", "canary", "provider journal", "provider lock"},
		primaryHost + "/api/private/resource-pools/p/workspaces": {"canary"},
		primaryHost + "/api/private/satellites":                  {"registrations"},
		satelliteHost + "/api":                                   {"proxied"},
		satelliteHost + "/api/private/satellites/key":            {"key", "proxied"},
		primaryHost + "/api/private/satellites/key":              {"served key"},
		apiHost + "/version":                                     {"cluster"},
		apiHost + "/api/v1/namespaces/kube-system":               {"cluster"},
		namespace:                      {"satellite", "proxied"}, // without the cluster's key, nobody knows whose key is served
		namespace + "/pods":            {"satellite", "proxied"},
		namespace + "/services/coderd": {"satellite", "proxied"},
		namespace + "/secrets":         {"satellite", "proxied"},
		inProvider + "/secrets":        {"legacy"}, // its backups are there
		inProvider + "/configmaps/coder-satellite-journal-p":                                            {"provider journal"},
		apiHost + "/apis/apps/v1/deployments":                                                           {"legacy"},
		namespace + "/configmaps/coder-satellite-journal":                                               {"satellite journal"},
		apiHost + "/apis/coordination.k8s.io/v1/namespaces/coder-satellite/leases/coder-satellite-lock": {"satellite lock"},
		apiHost + "/apis/coordination.k8s.io/v1/namespaces/coder/leases/coder-satellite-lock-p":         {"provider lock"},
	} {
		t.Run(path, func(t *testing.T) {
			servers := newServers(t)
			servers.fail(path, 500)
			s := servers.source(t).Collect(t.Context(), snapshot.StatusItems()...)
			if diff := cmp.Diff(want, unknown(s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// If a cluster cannot be reached, the facts from the primary and the access URL are still known.
func TestClusterThatCannotBeAsked(t *testing.T) {
	servers := newServers(t)
	noAccess := errors.New("no such plugin")
	source := servers.source(t, func(c *snapshot.RegionConfig) {
		c.Satellite, c.Providers = broken(t, noAccess), []*cluster.Access{broken(t, noAccess)}
	})
	s := source.Collect(t.Context(), append(snapshot.PlanItems(), snapshot.ItemRemoval)...)
	s.MissingRights = snapshot.MissingRights(t.Context(), source.SatelliteSite, []cluster.Rule{{Resource: "secrets", Verb: "get"}})
	for name, err := range map[string]error{
		"cluster": s.Cluster.Err(), "satellite": s.Satellite.Err(), "legacy": s.Legacy.Err(), "journals": errors.Join(s.SatelliteJournal.Err(), s.ProviderJournal.Err()),
		"locks": errors.Join(s.SatelliteLock.Err(), s.ProviderLock.Err()), "rights": s.MissingRights.Err(), "provider": s.ProviderCluster.Err(),
	} {
		if !errors.Is(err, noAccess) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !s.Registrations.IsKnown() || !s.Primary.Me.IsKnown() || s.Endpoint.Value().KeyErr != nil {
		t.Errorf("unknown: %v", unknown(s))
	}
}

// Items are collected in parallel: the time is that of the longest chain of dependent requests,
// not of all requests.
func TestCollectsInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := newServers(t)
		servers.latency = time.Second
		start := time.Now()
		s := servers.source(t).Collect(t.Context(), snapshot.StatusItems()...)
		took := time.Since(start)
		if lost := unknown(s); len(lost) > 0 {
			t.Errorf("unknown: %v", lost)
		}
		// the longest chain: the primary's facts, then the legacy release in two or three steps
		if requests := len(servers.asked()); took > 4*time.Second || requests < 15 {
			t.Errorf("%d requests took %s", requests, took)
		}
		if !s.Taken.Equal(time.Now()) {
			t.Errorf("taken at %s, now it is %s", s.Taken, time.Now())
		}
	})
}

// A server that never answers makes only its own facts unknown, and takes no longer than the
// limit for one request, or for all of them.
func TestDeadlines(t *testing.T) {
	for _, test := range []struct {
		name    string
		silent  []string
		timeout time.Duration
		took    time.Duration
		want    []string
	}{
		{"one object", []string{apiHost + "/version"}, time.Minute, 20 * time.Second, []string{"cluster"}},
		{"one object, little time", []string{apiHost + "/version"}, 7 * time.Second, 7 * time.Second, []string{"cluster"}},
		{"the satellite", []string{satelliteHost + "/api", satelliteHost + "/api/private/satellites/key"}, time.Minute, 20 * time.Second, []string{"key", "proxied"}},
		{"the primary's list", []string{primaryHost + "/api/private/resource-pools"}, time.Minute, 20 * time.Second, []string{"providers", "provider", "canary", "provider journal", "provider lock"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				servers := newServers(t)
				for _, path := range test.silent {
					servers.fail(path, 0)
				}
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				start := time.Now()
				s := servers.source(t).Collect(ctx, snapshot.StatusItems()...)
				if took := time.Since(start); took != test.took {
					t.Errorf("took %s", took)
				}
				if diff := cmp.Diff(test.want, unknown(s)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNothingAskedNothingDone(t *testing.T) {
	servers := newServers(t)
	s := servers.source(t).Collect(t.Context())
	if asked := servers.asked(); len(asked) > 0 || !s.Taken.IsZero() || s.Region.Name != "sydney" {
		t.Errorf("asked %v, taken %s, region %q", asked, s.Taken, s.Region.Name)
	}
}

// A refresh reads the provider and the canary again by their IDs, and the primary's version with
// the provider. The primary's other facts stay as they were.
func TestRefresh(t *testing.T) {
	servers := newServers(t)
	source := servers.source(t)
	s := source.Collect(t.Context(), snapshot.ItemProvider, snapshot.ItemCanary)
	if *s.Provider.Value().EnableNetV2 || s.Canary.Value().Workspace.LatestStat.ContainerStatus != coder.ContainerOff {
		t.Fatalf("at first: %+v, %+v", s.Provider.Value(), s.Canary.Value())
	}
	servers.reset()
	source.Refresh(t.Context(), s, snapshot.ItemProvider, snapshot.ItemCanary)
	if !*s.Provider.Value().EnableNetV2 || s.Canary.Value().Workspace.LatestStat.ContainerStatus != coder.ContainerOn {
		t.Errorf("then: %+v, %+v", s.Provider.Value(), s.Canary.Value())
	}
	want := []string{
		"GET coder.example.com/api", // the version, because the provider is read again
		"GET coder.example.com/api/private/resource-pools/p",
		"GET coder.example.com/api/v0/workspaces/w",
	}
	if diff := cmp.Diff(want, servers.asked()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Canary.Value().Reason == "" {
		t.Error("the reason for the choice is gone")
	}

	servers.fail(primaryHost+"/api/private/resource-pools/p", 404)
	source.Refresh(t.Context(), s, snapshot.ItemProvider)
	if !coder.IsNotFound(s.Provider.Err()) {
		t.Errorf("a provider that is gone: %v", s.Provider.Err())
	}
}

// Regions share the primary's facts, so each is requested once.
func TestPrimaryIsAskedOnce(t *testing.T) {
	servers := newServers(t)
	survey := servers.survey(t)
	done := make(chan string)
	for range 8 {
		go func() { done <- fmt.Sprint(survey.Primary(t.Context()).Version.Value()) }()
	}
	for range 8 {
		if version := <-done; version != "1.21.7" {
			t.Errorf("version %s", version)
		}
	}
	if n := len(servers.requests); n != 4 {
		t.Errorf("%d requests: %v", n, servers.asked())
	}
}

// If no canary is wanted, none is searched for. If a fact that it depends on is unknown, the
// error says why.
func TestCanaryOfRegion(t *testing.T) {
	servers := newServers(t)
	source := servers.source(t)
	source.Declared.Canary = fleet.CanaryNone
	s := source.Collect(t.Context(), snapshot.ItemProvider, snapshot.ItemCanary)
	if !s.Canary.Value().None || slices.ContainsFunc(servers.asked(), func(r string) bool { return strings.HasSuffix(r, "/workspaces") }) {
		t.Errorf("%+v after %v", s.Canary.Value(), servers.asked())
	}
	source.Refresh(t.Context(), s, snapshot.ItemCanary)
	if !s.Canary.Value().None {
		t.Errorf("a second look: %+v", s.Canary.Value())
	}

	servers.fail(primaryHost+"/api/private/resource-pools", 401)
	s = servers.source(t).Collect(t.Context(), snapshot.ItemProvider, snapshot.ItemCanary)
	if !coder.IsUnauthorized(s.Canary.Err()) || !strings.Contains(s.Canary.Err().Error(), "the provider is unknown") {
		t.Errorf("without providers: %v", s.Canary.Err())
	}
}
