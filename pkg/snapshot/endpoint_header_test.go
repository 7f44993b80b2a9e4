package snapshot_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// overheard records what was sent to the access URL, one line per request.
type overheard struct {
	through http.RoundTripper
	mu      sync.Mutex
	sent    []string
}

func (o *overheard) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.sent = append(o.sent, r.URL.Path+" "+r.Header.Get("Authorization")+r.Header.Get("Session-Token"))
	o.mu.Unlock()
	return o.through.RoundTrip(r)
}

// The header in ENDPOINT_AUTH_HEADER is sent to an access URL only after the key served there
// matched the cluster's. Any other server gets nothing.
func TestHeaderOnlyForOwnSatellite(t *testing.T) {
	const (
		anonymous = "/api/private/satellites/key "
		asked     = "/api the-header"
		secret    = apiHost + "/api/v1/namespaces/coder-satellite/secrets/coder-replica-private-key"
		keyPath   = satelliteHost + "/api/private/satellites/key"
	)
	for name, test := range map[string]struct {
		change func(t *testing.T, s *servers)
		want   []string
	}{
		"its own key": {func(*testing.T, *servers) {}, []string{anonymous, asked}},
		"another key": {func(t *testing.T, s *servers) {
			_, other := newKey(t)
			s.answer(keyPath, other)
		}, []string{anonymous}},
		"no key":                 {func(_ *testing.T, s *servers) { s.fail(keyPath, 404) }, []string{anonymous}},
		"a proxy in front":       {func(_ *testing.T, s *servers) { s.fail(keyPath, 401) }, []string{anonymous}},
		"no key in the cluster":  {func(_ *testing.T, s *servers) { s.fail(secret, 404) }, []string{anonymous}},
		"the cluster is unknown": {func(_ *testing.T, s *servers) { s.fail(secret, 403) }, []string{anonymous}},
	} {
		t.Run(name, func(t *testing.T) {
			servers := newServers(t)
			test.change(t, servers)
			client, err := coder.New(coder.Config{URL: "https://" + satelliteHost, AuthHeader: "the-header", Attempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			spy := &overheard{through: servers}
			source := servers.source(t, func(c *snapshot.RegionConfig) {
				c.Endpoint = client.Wrapped(func(http.RoundTripper) http.RoundTripper { return spy })
			})

			s := source.Collect(t.Context(), snapshot.StatusItems()...)
			if diff := cmp.Diff(test.want, spy.sent); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if known := s.Endpoint.Value().Version.IsKnown(); known != (len(test.want) > 1) {
				t.Errorf("the version through the satellite is known: %v, %v", known, s.Endpoint.Value().Version.Err())
			}

			// a step that reads only the access URL compares with the key that was read before
			spy.sent = nil
			source.Refresh(t.Context(), s, snapshot.ItemEndpoint)
			if diff := cmp.Diff(test.want, spy.sent); diff != "" {
				t.Errorf("sent by a second look (-want +got):\n%s", diff)
			}
		})
	}
}
