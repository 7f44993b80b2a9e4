package snapshot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// servers are a primary, a satellite and an API server without a network, so that tests can use a
// fake clock. Without a given answer they return 404 or an empty list.
type servers struct {
	// latency is the duration of each request.
	latency time.Duration

	mu       sync.Mutex
	answers  map[string]string // JSON, by "host/path"
	faults   map[string]int    // the status, by "host/path"; 0 never answers
	requests []string
}

// The hosts of the servers. Nothing listens at the satellite's. When its key cannot be read, the
// stages of a connection to it are probed on the real network.
const (
	primaryHost   = "coder.example.com"
	satelliteHost = "127.0.0.1:1"
	apiHost       = "api.sydney.example.com"
)

func newServers(t *testing.T) *servers {
	t.Helper()
	private, public := newKey(t)
	return &servers{faults: map[string]int{}, answers: map[string]string{
		primaryHost + "/api":                                                             "{}",
		primaryHost + "/api/v0/users/me":                                                 `{"id":"u","email":"ann@example.com","roles":["site-manager"]}`,
		primaryHost + "/api/private/resource-pools":                                      `{"kubernetes":[{"id":"p","name":"sydney","status":"ready","enable_net_v2":false,"config":{"cluster_address":"https://` + apiHost + `","default_namespace":"coder"}}]}`,
		primaryHost + "/api/private/resource-pools/p":                                    `{"id":"p","name":"sydney","status":"ready","enable_net_v2":true}`,
		primaryHost + "/api/private/resource-pools/p/workspaces":                         `[{"id":"w","name":"canary","user_id":"u","latest_stat":{"container_status":"OFF"}}]`,
		primaryHost + "/api/v0/workspaces/w":                                             `{"id":"w","name":"canary","user_id":"u","latest_stat":{"container_status":"ON"}}`,
		primaryHost + "/api/private/satellites":                                          `{"data":[{"id":"r","name":"sydney","fingerprint":"SHA256:x"}]}`,
		satelliteHost + "/api":                                                           "{}",
		satelliteHost + "/api/private/satellites/key":                                    public,
		apiHost + "/version":                                                             `{"gitVersion":"v1.29.3"}`,
		apiHost + "/api/v1/namespaces/kube-system":                                       `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"uid-sydney"}}`,
		apiHost + "/api/v1/namespaces/coder-satellite":                                   `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"coder-satellite"},"status":{"phase":"Active"}}`,
		apiHost + "/api/v1/namespaces/coder-satellite/configmaps":                        "",
		apiHost + "/api/v1/namespaces/coder-satellite/secrets/coder-replica-private-key": private,
	}}
}

// newKey returns a new satellite key, once as the content of its Secret and once as the satellite
// serves it.
func newKey(t *testing.T) (secret, served string) {
	t.Helper()
	key, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{PrimaryURL: "https://" + primaryHost, AccessURL: "https://" + satelliteHost, PrivateKey: key})
	if err != nil {
		t.Fatal(err)
	}
	defer satellite.Close()
	asJSON := func(value any) string {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return asJSON(map[string]any{"kind": "Secret", "apiVersion": "v1", "metadata": map[string]string{"name": "coder-replica-private-key"}, "data": map[string][]byte{"privateKey": []byte(key)}}),
		asJSON(map[string]string{"key": satellite.PublicKey(), "fingerprint": satellite.Fingerprint()})
}

// fail makes requests for the path fail with the status; 0 never answers.
func (s *servers) fail(path string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[path] = status
}

func (s *servers) answer(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = body
}

// asked returns the distinct requests so far, sorted.
func (s *servers) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.requests)))
}

func (s *servers) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

func (s *servers) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.Host + r.URL.Path
	s.mu.Lock()
	s.requests = append(s.requests, described(r))
	body, known := s.answers[path]
	status, faulty := s.faults[path]
	latency := s.latency
	s.mu.Unlock()
	if faulty && status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if latency > 0 {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-timer.C:
		}
	}
	switch {
	case faulty:
		return response(r, status, failure(status)), nil
	case known && body != "":
		return response(r, http.StatusOK, body), nil
	case r.URL.Host == apiHost && r.URL.Query().Has("labelSelector"):
		return response(r, http.StatusOK, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[]}`), nil
	default:
		return response(r, http.StatusNotFound, failure(http.StatusNotFound)), nil
	}
}

// keepingTime limits the duration of each request, as the replaced transport does.
type keepingTime struct{ next http.RoundTripper }

func (k keepingTime) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel() // answers are complete
	return k.next.RoundTrip(r.WithContext(ctx))
}

// described is a request in one line, with its selectors and the resource that its body asks
// about.
func described(r *http.Request) string {
	values := r.URL.Query()
	values.Del("timeout")
	query, _ := url.QueryUnescape(values.Encode())
	text := strings.TrimSuffix(fmt.Sprintf("%s %s%s?%s", r.Method, r.URL.Host, r.URL.Path, query), "?")
	if strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata") {
		text += " (metadata)"
	}
	return text
}

func failure(status int) string {
	reason := map[int]string{403: "Forbidden", 404: "NotFound"}[status]
	text, _ := json.Marshal(map[string]any{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "reason": reason, "message": "no",
		"error": map[string]string{"msg": "no"}, // the primary's form
	})
	return string(text)
}

func response(r *http.Request, status int, body string) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if strings.HasSuffix(r.URL.Path, "/api") {
		header.Set("Coder-Version", "1.21.7")
	}
	if strings.Contains(body, "PartialObjectMetadataList") && !strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata") {
		body = `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}`
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// source is a region on these servers.
func (s *servers) source(t *testing.T, change ...func(*snapshot.RegionConfig)) *snapshot.Source {
	t.Helper()
	return s.survey(t, change...).Regions()[0].Sources[0]
}

// opened is the cluster of those servers.
func opened(t *testing.T) *cluster.Access {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"https://` + apiHost + `"}}],` +
		`"contexts":[{"name":"sydney","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := cluster.LoadKubeconfig(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	access, err := loaded.Open("sydney", cluster.Options{Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// broken is a cluster of which every request fails.
func broken(t *testing.T, why error) *cluster.Access {
	t.Helper()
	access := opened(t).Wrapped(func(http.RoundTripper) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, why })
	})
	return access
}

// survey is of that one region; changes are applied to what it is made from.
func (s *servers) survey(t *testing.T, change ...func(*snapshot.RegionConfig)) *snapshot.Survey {
	t.Helper()
	through := func(http.RoundTripper) http.RoundTripper { return s }
	access := opened(t).Wrapped(func(http.RoundTripper) http.RoundTripper { return keepingTime{s} })
	client := func(host string) *coder.Client {
		c, err := coder.New(coder.Config{URL: "https://" + host, Token: "a-token", Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		return c.Wrapped(through)
	}
	region := snapshot.RegionConfig{
		Region: fleet.Region{
			Name: "sydney",
			Satellite: fleet.Satellite{
				Context: "sydney", Namespace: "coder-satellite", Release: "coder-satellite", AccessURL: "https://" + satelliteHost,
			},
			Providers: []fleet.Provider{{Context: "sydney", Canary: fleet.CanaryAuto}},
		},
		Satellite: access, Providers: []*cluster.Access{access}, Endpoint: client(satelliteHost),
	}
	for _, c := range change {
		c(&region)
	}
	survey, err := snapshot.NewSurvey(snapshot.Config{
		Primary: client(primaryHost), Clock: clock.RealClock{}, Regions: []snapshot.RegionConfig{region},
	})
	if err != nil {
		t.Fatal(err)
	}
	return survey
}

// unknown names the facts that were collected but are not known.
func unknown(s *snapshot.Snapshot) []string {
	names := []string{}
	add := func(name string, collected, known bool) {
		if collected && !known {
			names = append(names, name)
		}
	}
	add("version", s.Primary.Version.Collected(), s.Primary.Version.IsKnown())
	add("me", s.Primary.Me.Collected(), s.Primary.Me.IsKnown())
	add("providers", s.Primary.Providers.Collected(), s.Primary.Providers.IsKnown())
	add("served key", s.Primary.ServedKey.Collected(), s.Primary.ServedKey.IsKnown())
	add("registrations", s.Registrations.Collected(), s.Registrations.IsKnown())
	add("provider", s.Provider.Collected(), s.Provider.IsKnown())
	add("canary", s.Canary.Collected(), s.Canary.IsKnown())
	add("cluster", s.Cluster.Collected(), s.Cluster.IsKnown())
	add("rights", s.MissingRights.Collected(), s.MissingRights.IsKnown())
	add("spec", s.Spec.Collected(), s.Spec.IsKnown())
	add("chart", s.Chart.Collected(), s.Chart.IsKnown())
	add("secrets", s.MissingSecrets.Collected(), s.MissingSecrets.IsKnown())
	add("satellite", s.Satellite.Collected(), s.Satellite.IsKnown())
	add("legacy", s.Legacy.Collected(), s.Legacy.IsKnown())
	add("satellite journal", s.SatelliteJournal.Collected(), s.SatelliteJournal.IsKnown())
	add("provider journal", s.ProviderJournal.Collected(), s.ProviderJournal.IsKnown())
	add("satellite lock", s.SatelliteLock.Collected(), s.SatelliteLock.IsKnown())
	add("provider lock", s.ProviderLock.Collected(), s.ProviderLock.IsKnown())
	add("key", s.Endpoint.IsKnown(), s.Endpoint.Value().KeyErr == nil)
	add("proxied", s.Endpoint.IsKnown(), s.Endpoint.Value().Version.IsKnown())
	return names
}
