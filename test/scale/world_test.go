//go:build linux

package scale

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// world is a primary and many virtual regions, all at the same distance.
type world struct {
	network   codertest.Network
	primary   *codertest.Primary
	templates map[string]template
	// requests and connections count those to clusters, satellites and envproxies.
	requests, connections atomic.Int64
	unknown               sync.Map // requests without a recorded answer
	// files is how many files the plugin may open; 0 for the system's limit.
	files int
	dir   string
	env   []string
}

// build builds a world of n regions like the recorded one: migrated, or not yet.
func build(t *testing.T, n int, seen *lab, recorded *recording) *world {
	t.Helper()
	w := &world{templates: map[string]template{}, dir: t.TempDir()}
	for asked, answered := range recorded.exchanges {
		made, err := newTemplate(answered)
		if err != nil {
			t.Fatalf("%s: %v", asked, err)
		}
		w.templates[asked] = made
	}
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if w.primary, err = codertest.NewPrimary(codertest.Options{Version: seen.version, Certificate: &certificate}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.primary.Close)
	operator := w.primary.AddUser("operator@example.com", codertest.RoleManager)
	token := w.primary.Token(operator.ID)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM())
	envproxy, err := url.Parse(seen.provider.EnvproxyAccessURL)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, envproxy.Host, certificate, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	port, closed := freePort(t), freePort(t)
	migrated := seen.privateKey != ""
	var fleet, config strings.Builder
	for i := range n {
		address := addressOf(i, port)
		host, _, _ := strings.Cut(address, ":")
		served, err := authority.Issue(host, hostOf(i))
		if err != nil {
			t.Fatal(err)
		}
		private, err := codertest.NewPrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		accessURL := fmt.Sprintf("https://%s:%d", hostOf(i), port)
		satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{PrimaryURL: w.primary.URL(), AccessURL: accessURL, PrivateKey: private, RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(satellite.Close)
		provider := w.primary.AddProvider(codertest.Provider{
			Name: nameOf(i), EnableNetV2: new(migrated), EnvproxyAccessURL: seen.provider.EnvproxyAccessURL,
			Config: codertest.ProviderConfig{ClusterAddress: "https://" + address, DefaultNamespace: seen.provider.Config.DefaultNamespace},
		})
		r := &region{world: w, satellite: satellite, rendered: map[string][]byte{}}
		w.primary.AddWorkspace(codertest.Workspace{
			Name: "canary-" + nameOf(i), UserID: operator.ID, ResourcePoolID: provider.ID,
			LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"}, LastBuiltAt: time.Now(),
		})
		r.back = strings.NewReplacer(provider.ID, seen.provider.ID, nameOf(i), seen.name)
		words := []string{
			seen.provider.ID, provider.ID, seen.accessURL, accessURL, seen.primaryURL, w.primary.URL(), seen.server, "https://" + address,
			seen.clusterUID, uuid.NewString(), seen.name, nameOf(i),
		}
		connectTo := address
		if migrated {
			w.register(t, token, nameOf(i), satellite.PublicKey())
			words = append(words, seen.fingerprint, satellite.Fingerprint(), seen.privateKey, private,
				base64.StdEncoding.EncodeToString([]byte(seen.privateKey)), base64.StdEncoding.EncodeToString([]byte(private)),
				strings.ReplaceAll(seen.privateKey, "\n", `\n`), strings.ReplaceAll(private, "\n", `\n`))
		} else {
			connectTo = addressOf(i, closed) // nothing listens there
		}
		r.words = strings.NewReplacer(words...)
		w.serve(t, address, served, r)
		fmt.Fprintf(&fleet, "- {name: %s, context: %s, accessURL: %q, connectTo: %q}\n", nameOf(i), nameOf(i), accessURL, connectTo)
		fmt.Fprintf(&config, "- {name: %s, cluster: {server: %q, certificate-authority: ca.pem}}\n", nameOf(i), "https://"+address)
	}
	w.write(t, n, seen, authority.PEM(), fleet.String(), config.String(), token)
	return w
}

// register registers a satellite at the primary.
func (w *world) register(t *testing.T, token, name, publicKey string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "public_key": publicKey})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, w.primary.URL()+"/api/private/satellites", strings.NewReader(string(body)))
	request.Header.Set("Session-Token", token)
	answer := httptest.NewRecorder()
	w.primary.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusCreated {
		t.Fatalf("%s: %d %s", name, answer.Code, answer.Body)
	}
}

// write writes the operator's files: a Fleet, a kubeconfig and the environment.
func (w *world) write(t *testing.T, n int, seen *lab, authority []byte, fleet, clusters, token string) {
	t.Helper()
	var contexts strings.Builder
	for i := range n {
		fmt.Fprintf(&contexts, "- {name: %s, context: {cluster: %s, user: operator}}\n", nameOf(i), nameOf(i))
	}
	for name, data := range map[string]string{
		"ca.pem": string(authority),
		"fleet.yaml": "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\ncoder: {url: \"" + w.primary.URL() + "\", caFile: ca.pem}\n" +
			"chart: {name: " + seen.chart + "}\ndefaults: {namespace: coder-satellite, values: [" + seen.values + "]}\nregions:\n" + fleet,
		"kubeconfig": "apiVersion: v1\nkind: Config\nclusters:\n" + clusters + "contexts:\n" + contexts.String() + "users:\n- {name: operator, user: {token: secret}}\n",
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.env = []string{
		"KUBECONFIG=" + filepath.Join(w.dir, "kubeconfig"), "KUBECACHEDIR=" + filepath.Join(w.dir, "cache"), "HOME=" + w.dir,
		"CODER_URL=" + w.primary.URL(), "CODER_TOKEN=" + token, "SSL_CERT_FILE=" + filepath.Join(w.dir, "ca.pem"), "PATH=" + os.Getenv("PATH"),
	}
}
