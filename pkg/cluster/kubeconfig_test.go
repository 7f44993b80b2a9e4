package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const kubeconfigText = `apiVersion: v1
kind: Config
current-context: sydney
clusters:
- {name: sydney, cluster: {server: "SERVER", certificate-authority: CA}}
contexts:
- {name: sydney, context: {cluster: sydney, user: ann}}
- {name: london, context: {cluster: sydney, user: ann}}
- {name: orphan, context: {cluster: gone, user: ann}}
users:
- {name: ann, user: {token: hunter2}}
`

// kubeconfig writes a kubeconfig for a server and loads it.
func kubeconfig(t *testing.T, server, ca string) *Kubeconfig {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	text := strings.NewReplacer("SERVER", server, "CA", ca).Replace(kubeconfigText)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := LoadKubeconfig(file)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKubeconfig(t *testing.T) {
	k := kubeconfig(t, "https://sydney.example.com:6443", "")
	if diff := cmp.Diff([]string{"london", "orphan", "sydney"}, k.Contexts()); diff != "" {
		t.Error(diff)
	}
	if current, err := k.CurrentOrError(); err != nil || current != "sydney" {
		t.Errorf("current %q, %v", current, err)
	}
	if server, err := k.Server("london"); err != nil || server != "https://sydney.example.com:6443" {
		t.Errorf("server %q, %v", server, err)
	}
	for context, want := range map[string]string{
		"sidney": `context "sidney" does not exist in the kubeconfig`,
		"orphan": `context "orphan" names the cluster "gone", which the kubeconfig`,
	} {
		if _, err := k.Server(context); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", context, err)
		}
		if _, err := k.Open(context, Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("open %s: %v", context, err)
		}
	}
	if _, err := k.Server("sidney"); !strings.Contains(err.Error(), `"sydney"`) {
		t.Errorf("no suggestion in %v", err)
	}
}

func TestKubeconfigErrors(t *testing.T) {
	dir := t.TempDir()
	bad, empty := filepath.Join(dir, "bad"), filepath.Join(dir, "empty")
	for file, text := range map[string]string{bad: "a: [", empty: ""} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		bad:                           "the kubeconfig " + bad + " cannot be read",
		filepath.Join(dir, "missing"): "cannot be read",
	} {
		if _, err := LoadKubeconfig(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
	k, err := LoadKubeconfig(empty)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.CurrentOrError(); err == nil || !strings.Contains(err.Error(), "--context") {
		t.Errorf("no current context: %v", err)
	}
	if _, err := k.Server("sydney"); err == nil || !strings.Contains(err.Error(), "has no contexts; set KUBECONFIG") {
		t.Errorf("no contexts: %v", err)
	}

	// a missing kubeconfig means that there are no contexts, as in kubectl
	t.Setenv("KUBECONFIG", filepath.Join(dir, "missing"))
	if k, err := LoadKubeconfig(""); err != nil || len(k.Contexts()) > 0 {
		t.Errorf("$KUBECONFIG names no file: %v", err)
	}
}

func TestDrivers(t *testing.T) {
	for given, want := range map[string]string{"": DriverSecrets, "secret": DriverSecrets, "Secrets": DriverSecrets, "configmap": DriverConfigMaps, "configmaps": DriverConfigMaps} {
		access, err := kubeconfig(t, "https://sydney.example.com", "").Open("sydney", Options{HelmDriver: given})
		if err != nil || access.Driver() != want {
			t.Errorf("%q: %v", given, err)
		}
	}
	for _, given := range []string{"memory", "sql"} {
		_, err := kubeconfig(t, "https://sydney.example.com", "").Open("sydney", Options{HelmDriver: given})
		if err == nil || !strings.HasPrefix(err.Error(), `HELM_DRIVER is "`+given+`": only`) {
			t.Errorf("%q: %v", given, err)
		}
	}
}
