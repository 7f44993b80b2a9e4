package snapshot_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const tlsSecrets = apiHost + "/api/v1/namespaces/coder-satellite/secrets/"

// newAuthority creates a certificate authority, and a file with its certificate.
func newAuthority(t *testing.T) (authority *codertest.Authority, caFile string) {
	t.Helper()
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return authority, caFile
}

// secretWith is a TLS Secret with a certificate for the names.
func secretWith(t *testing.T, authority *codertest.Authority, names ...string) string {
	t.Helper()
	certificate, key, err := authority.IssuePEM(names...)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{
		"kind": "Secret", "apiVersion": "v1", "metadata": map[string]string{"name": "tls"}, "data": map[string][]byte{"tls.crt": certificate,
			"tls.key": key},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var errNoCluster = errors.New("no cluster")

// Each Secret that the future values name is read once. The deployed values count only if no chart
// was read.
func TestCertificates(t *testing.T) {
	authority, _ := newAuthority(t)
	servers := newServers(t)
	servers.answer(tlsSecrets+"host", secretWith(t, authority, "coder-sydney.example.com", "127.0.0.1"))
	servers.answer(tlsSecrets+"odd", `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"odd"},"data":{"tls.crt":"aHVudGVyMg=="}}`)
	servers.fail(tlsSecrets+"forbidden", 403)
	source := servers.source(t)
	source.Region.Satellite.Chart.Name = chartIn(t, "1.21.7")
	for devurls, says := range map[string]string{
		"host": "", "odd": "the entry tls.crt of Secret odd cannot be used: it holds no " +
			"certificate", "forbidden": "no", "gone": "no", "": "not collected",
	} {
		source.Region.Satellite.Sets.Values = []string{"coderd.tls.hostSecretName=host", "coderd.tls.devurlsHostSecretName=" + devurls,
			"coderd.devurlsHost=*.example.com"}
		servers.reset()
		got, known := source.Collect(t.Context(), snapshot.ItemCertificates, snapshot.ItemChart).Certificates.Get()
		host, hostKnown := got.Host.Certificate.Get()
		if !known || !hostKnown || !host.For("coder-sydney.example.com") || got.DevURLsHost != "*.example.com" || got.Host.Name != "host" ||
			got.DevURLs.Name != devurls {
			t.Errorf("%q: %+v", devurls, got)
		}
		err := got.DevURLs.Certificate.Err()
		if (err == nil) != (says == "") || err != nil && (!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%q: error %v, want %q", devurls, err, says)
		}
		if got.DevURLs.Missing != (devurls == "gone") {
			t.Errorf("%q: missing: %t", devurls, got.DevURLs.Missing)
		}
		if read := "GET " + tlsSecrets + devurls; devurls != "" && !slices.Contains(servers.asked(), read) {
			t.Errorf("%q was not read: %v", devurls, servers.asked())
		}
	}
}

// Without a satellite no Secret is named, and without its facts nothing is known.
func TestCertificatesUnknown(t *testing.T) {
	servers := newServers(t)
	got, known := servers.source(t).Collect(t.Context(), snapshot.ItemCertificates, snapshot.ItemSatellite).Certificates.Get()
	if !known || got.Host.Name != "" || got.DevURLs.Name != "" || got.DevURLsHost != "" {
		t.Errorf("no satellite: %+v", got)
	}
	servers.fail(tlsSecrets+"coder-replica-private-key", 500)
	s := servers.source(t).Collect(t.Context(), snapshot.ItemCertificates, snapshot.ItemSatellite)
	if s.Certificates.IsKnown() || s.Certificates.Err().Error() != s.Satellite.Err().Error() {
		t.Errorf("%v, not %v", s.Certificates.Err(), s.Satellite.Err())
	}
	source := newServers(t).source(t)
	source.Region.Satellite.Chart.Name, source.Region.Satellite.Sets.Values = chartIn(t, "1.21.7"), []string{"coderd.satellite.enable=false"}
	s = source.Collect(t.Context(), snapshot.ItemCertificates, snapshot.ItemSatellite, snapshot.ItemChart)
	if s.Certificates.IsKnown() || !strings.Contains(s.Certificates.Err().Error(), "coderd.satellite.enable") {
		t.Errorf("values that disagree: %v", s.Certificates.Err())
	}
}

// servedSource is a region without a cluster whose satellite is a server of this test.
func servedSource(t *testing.T, authority *codertest.Authority, caFile string, names ...string) (*snapshot.Source, *tlsServer) {
	t.Helper()
	server := newTLSServer(t, authority, names...)
	client, err := coder.New(coder.Config{URL: server.url, CAFile: caFile, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	primary, err := coder.New(coder.Config{URL: "https://127.0.0.1:1", Attempts: 1}) // does not answer
	if err != nil {
		t.Fatal(err)
	}
	access := broken(t, errNoCluster)
	survey, err := snapshot.NewSurvey(snapshot.Config{
		Primary: primary, RootCAs: client.RootCAs(), Clock: clock.RealClock{},
		Regions: []snapshot.RegionConfig{{
			Region: fleet.Region{
				Name: "sydney", Satellite: fleet.Satellite{Context: "sydney", AccessURL: server.url}, Providers: []fleet.Provider{{}},
			}, Endpoint: client, Satellite: access, Providers: []*cluster.Access{access},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return survey.Regions()[0].Sources[0], server
}

// The certificate is read together with the key. Only a name that it does not cover needs another
// handshake.
func TestEndpointCertificate(t *testing.T) {
	authority, caFile := newAuthority(t)
	for name, test := range map[string]struct {
		names       []string
		unified     string
		want        string // the unified URL's certificate
		connections int32
	}{
		"no unified URL":   {[]string{"127.0.0.1"}, "", "none", 1},
		"both names":       {[]string{"127.0.0.1", "global.example.com"}, "https://global.example.com", "global.example.com, 127.0.0.1", 1},
		"its own name":     {[]string{"127.0.0.1"}, "https://global.example.com", "127.0.0.1", 2},
		"not for the host": {[]string{"elsewhere.example.com"}, "https://global.example.com", "elsewhere.example.com", 3},
	} {
		t.Run(name, func(t *testing.T) {
			source, server := servedSource(t, authority, caFile, test.names...)
			source.Region.Satellite.UnifiedURL = test.unified
			got := source.Collect(t.Context(), snapshot.ItemEndpoint).Endpoint.Value()
			if got.Certificate == nil || !got.Certificate.For(test.names[0]) {
				t.Errorf("certificate %v, error %v", got.Certificate, got.KeyErr)
			}
			unified := "none"
			if got.UnifiedCertificate != nil {
				unified = got.UnifiedCertificate.String()
			}
			if unified != test.want || server.connections.Load() != test.connections {
				t.Errorf("the unified URL's certificate: %s; %d connections", unified, server.connections.Load())
			}
		})
	}
}

// All regions of a fleet share one request for what the unified URL leads to, without
// credentials.
func TestUnified(t *testing.T) {
	authority, caFile := newAuthority(t)
	source, server := servedSource(t, authority, caFile, "127.0.0.1", "localhost")
	source.Region.Satellite.UnifiedURL = strings.Replace(server.url, "127.0.0.1", "localhost", 1)
	for range 3 {
		region := *source
		got, known := region.Collect(t.Context(), snapshot.ItemUnified).Unified.Get()
		if !known || got.Err != nil || got.Identity.Key.Fingerprint != "f" || got.Reach.Err != nil {
			t.Errorf("%+v", got)
		}
	}
	if server.requests.Load() != 1 {
		t.Errorf("%d requests", server.requests.Load())
	}
	silent, _ := servedSource(t, authority, caFile, "127.0.0.1")
	silent.Region.Satellite.UnifiedURL = "https://127.0.0.1:1"
	got := silent.Collect(t.Context(), snapshot.ItemUnified).Unified.Value()
	if got.Err == nil || got.Reach.Stage != "TCP" || got.Reach.Err == nil {
		t.Errorf("%+v", got)
	}
	silent.Region.Satellite.UnifiedURL = ""
	if silent.Collect(t.Context(), snapshot.ItemUnified).Unified.Collected() {
		t.Error("asked without a unified URL")
	}
	unnamed := newServers(t).source(t, func(c *snapshot.RegionConfig) { c.Region.Satellite.AccessURL, c.Endpoint = "", nil })
	unnamed.Region.Satellite.UnifiedURL = "https://localhost:1"
	if got := unnamed.Collect(t.Context(), snapshot.ItemUnified).Unified; got.IsKnown() || !strings.Contains(got.Err().Error(),
		"--access-url") {
		t.Errorf("without an access URL: %v", got.Err())
	}
}

func TestServesAccessURL(t *testing.T) {
	const own, unified = "https://sydney.example.com", "https://global.example.com"
	names := []any{"Sydney.example.com", "global.example.com"}
	for name, test := range map[string]struct {
		installed  string
		alternates any
		region     fleet.Satellite
		serves     bool
		shown      string
	}{
		"its own":                {own + "/", nil, fleet.Satellite{AccessURL: own}, true, own},
		"unified":                {unified, names, fleet.Satellite{AccessURL: own, UnifiedURL: unified}, true, own},
		"to be unified":          {own, nil, fleet.Satellite{AccessURL: own, UnifiedURL: unified}, true, own},
		"no longer unified":      {unified, names, fleet.Satellite{AccessURL: own}, true, unified},
		"another":                {own, nil, fleet.Satellite{AccessURL: "https://x.example.com"}, false, own},
		"unified, and another":   {unified, names, fleet.Satellite{AccessURL: "https://x.example.com", UnifiedURL: unified}, false, own},
		"unified without others": {unified, nil, fleet.Satellite{AccessURL: own, UnifiedURL: unified}, false, unified},
		"names that are none":    {unified, "x", fleet.Satellite{AccessURL: own, UnifiedURL: unified}, false, unified},
	} {
		values := map[string]any{"coderd": map[string]any{"satellite": map[string]any{"accessURL": test.installed},
			"alternateHostnames": test.alternates}}
		s := &snapshot.Snapshot{Region: fleet.Region{Satellite: test.region}, Satellite: snapshot.Known(satellite.State{Installed: true, Values: values})}
		if s.ServesAccessURL() != test.serves || s.InstalledOwnURL() != test.shown {
			t.Errorf("%s: %t, %s", name, s.ServesAccessURL(), s.InstalledOwnURL())
		}
	}
}
