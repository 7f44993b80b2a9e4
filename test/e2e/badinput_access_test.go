package e2e

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestAccessURLNotHTTPS(t *testing.T) {
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = "http://coder-sydney.example.com" })
	misused(t, []string{fleet + ":", "regions[0].accessURL", `"http://coder-sydney.example.com" is not https`}, "-f", fleet)
	misused(t, []string{"--access-url", `"http://coder-sydney.example.com" is not https`},
		"--context", "sydney", "--access-url", "http://coder-sydney.example.com")
}

// TestAccessURLOfSomethingElse: before a region's migration nothing may answer at its access URL.
func TestAccessURLOfSomethingElse(t *testing.T) {
	occupied := strangeServer(t)
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = occupied })
	refused(t, "access-url-free", []string{"access-url-free", occupied + " is answered by something that is no satellite", "choose another access URL, or remove what answers there"}, "-f", fleet)
}

// TestAccessURLOfAnotherSatellite: two regions cannot share an access URL, even across two Fleet
// files.
func TestAccessURLOfAnotherSatellite(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "sydney") })
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "sydney", "--yes")
	occupied := lab.Region("sydney").AccessURL
	fleet := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = occupied })
	refused(t, "access-url-free", []string{"access-url-free", occupied + " is already served by another satellite (key SHA256:", "choose another access URL"}, "-f", fleet)
}

// TestCertificateForAnotherName: the message names both names.
func TestCertificateForAnotherName(t *testing.T) {
	address := hostOf(t, strangeServer(t))
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.AccessURL, region.ConnectTo = "https://coder-sydney.example.com", address
	})
	refused(t, "access-url-free", []string{"access-url-free", "its certificate is for another name than coder-sydney.example.com", "certificate for localhost", "fix what answers there"}, "-f", fleet)
}

// TestPlainServer: a server that does not speak TLS answers.
func TestPlainServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	occupied := strings.Replace(server.URL, "http://", "https://", 1)
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = occupied })
	refused(t, "access-url-free", []string{"access-url-free", "something answers at " + occupied, "does not speak TLS"}, "-f", fleet)
}

// TestConnectTo: a region can be migrated before DNS leads to it. Nothing listens at the access
// URL, and the server at --connect-to has a certificate for it.
func TestConnectTo(t *testing.T) {
	address := hostOf(t, lab.Region("sydney").AccessURL)
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.AccessURL, region.ConnectTo = "https://localhost:9", address
	})
	t.Cleanup(func() { plugin(t, 0, "rollback", "-f", fleet, "--remove-satellite", "--yes") })
	plugin(t, 0, "migrate", "-f", fleet, "--yes")
	status := document[v1alpha1.StatusReport](t, 0, "status", "-f", fleet)
	if phase := status.Regions[0].Phase; phase != v1alpha1.PhaseAdopted {
		t.Errorf("phase %s", phase)
	}

	// without connectTo, status reports that users cannot reach it yet
	blind := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = "https://localhost:9" })
	result := plugin(t, 1, "status", "-f", blind)
	saysAll(t, "status", result.Stdout, []string{"access-url", "https://localhost:9 does not answer", "connection refused"})
}

// strangeServer starts an HTTPS server that has the lab's certificate but is not a satellite. It
// stops when the test ends.
func strangeServer(t *testing.T) string {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(lab.Path("pki", "server.pem"), lab.Path("pki", "server-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>It works!</html>"))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // clients hang up, as intended
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// hostOf returns HOST:PORT of a URL.
func hostOf(t *testing.T, raw string) string {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", parsed.Port())
}
