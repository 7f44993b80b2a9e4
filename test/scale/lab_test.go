//go:build linux

package scale

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// lab has the facts about a lab's only region from which virtual regions are made.
type lab struct {
	name, version, primaryURL, accessURL, server       string
	provider                                           codertest.Provider
	fingerprint, clusterUID, privateKey, token, caFile string
	chart, values                                      string // files

	dir string
	env []string
}

// description is the content of lab.json.
type description struct {
	PrimaryVersion, PrimaryURL, ControlURL, RepoURL string
	CAFile                                          string
	TokenFiles                                      map[string]string
	Regions                                         []struct{ Name, AccessURL, Server string }
}

// start starts a lab of these regions and returns its environment. down removes the lab, and the
// end of the test does so at the latest.
func start(t *testing.T, regions ...string) (dir string, about description, env []string, down func()) {
	t.Helper()
	program := filepath.Join(bin(), "coder-satellite-lab")
	dir = filepath.Join(t.TempDir(), "lab")
	down = sync.OnceFunc(func() {
		if output, err := exec.Command(program, "down", "--dir", dir).CombinedOutput(); err != nil {
			t.Errorf("the lab did not go down: %v\n%s", err, output)
		}
	})
	t.Cleanup(down)
	if output, err := exec.Command(program, "up", "--dir", dir, "--regions", strings.Join(regions, ",")).CombinedOutput(); err != nil {
		t.Fatalf("the lab did not start: %v\n%s", err, output)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err == nil {
		err = json.Unmarshal(data, &about)
	}
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command("bash", "-c", `. "$0"/env && env -0`, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	return dir, about, strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00"), down
}

// labUp starts a lab of one region; down removes it.
func labUp(t *testing.T) (l *lab, down func()) {
	t.Helper()
	l = &lab{name: "sydney"}
	var about description
	l.dir, about, l.env, down = start(t, l.name)
	l.version, l.primaryURL, l.caFile = about.PrimaryVersion, about.PrimaryURL, about.CAFile
	l.accessURL, l.server = about.Regions[0].AccessURL, about.Regions[0].Server
	config, err := os.ReadFile(filepath.Join(l.dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(string(config), "token: ")
	l.token = strings.TrimSpace(token)
	manager, err := os.ReadFile(about.TokenFiles["manager"])
	if err != nil {
		t.Fatal(err)
	}
	var pools struct{ Kubernetes []codertest.Provider }
	l.get(t, l.primaryURL+"/api/private/resource-pools", "Session-Token", strings.TrimSpace(string(manager)), &pools)
	l.provider = pools.Kubernetes[0]
	var namespace struct{ Metadata struct{ UID string } }
	l.get(t, l.server+"/api/v1/namespaces/kube-system", "Authorization", "Bearer "+l.token, &namespace)
	l.clusterUID = namespace.Metadata.UID
	kept := t.TempDir() // outlives the lab's folder
	l.chart, l.values = filepath.Join(kept, "coder.tgz"), filepath.Join(kept, "common.yaml")
	for from, to := range map[string]string{"charts/coder-" + l.version + ".tgz": l.chart, "common.yaml": l.values} {
		data, err := os.ReadFile(filepath.Join(l.dir, from))
		if err == nil {
			err = os.WriteFile(to, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return l, down
}

// migrate migrates the region, and records the result.
func (l *lab) migrate(t *testing.T) {
	t.Helper()
	cmd := exec.Command(plugin(), "migrate", "--yes", "--measure=false", "-f", filepath.Join(l.dir, "fleet.yaml"))
	cmd.Env = l.env
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var secret struct{ Data map[string]string }
	l.get(t, l.server+"/api/v1/namespaces/coder-satellite/secrets/coder-replica-private-key", "Authorization", "Bearer "+l.token, &secret)
	private, err := base64.StdEncoding.DecodeString(secret.Data["privateKey"])
	if err != nil {
		t.Fatal(err)
	}
	l.privateKey = string(private)
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{PrimaryURL: l.primaryURL, AccessURL: l.accessURL, PrivateKey: l.privateKey})
	if err != nil {
		t.Fatal(err)
	}
	defer satellite.Close()
	l.fingerprint = satellite.Fingerprint()
}

// get sends a GET request to a server of the lab.
func (l *lab) get(t *testing.T, url, header, value string, answer any) {
	t.Helper()
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(l.caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(header, value)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, response.StatusCode, err)
	}
}

// record runs a verb of the plugin, which must succeed, and returns the recorded answers of the
// API server.
func (l *lab) record(t *testing.T, verb string) *recording {
	t.Helper()
	r := record(t, l.server, l.caFile, l.token)
	dir := t.TempDir()
	changed := func(name string, change ...string) string {
		data, err := os.ReadFile(filepath.Join(l.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.NewReplacer(change...).Replace(string(data))), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := changed("kubeconfig", l.server, r.server.URL, "certificate-authority: "+l.caFile, "insecure-skip-tls-verify: true")
	// the recorder has another address than the cluster, so the Fleet names the provider
	fleet := changed("fleet.yaml", "regions:\n-", "regions:\n- provider: "+l.name+"\n ", "ca.pem", l.caFile, "common.yaml", l.values)
	cmd := exec.Command(plugin(), verb, "-f", fleet)
	cmd.Env = append(slices.Clone(l.env), "KUBECONFIG="+config, "KUBECACHEDIR="+t.TempDir())
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", verb, err, output)
	}
	return r
}

// bin returns the project's folder of binaries.
func bin() string {
	directory, err := filepath.Abs("../../bin")
	if err != nil {
		return ""
	}
	return directory
}

func plugin() string { return filepath.Join(bin(), "kubectl-coder_satellite") }

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}
