package e2e

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// secretsOf returns the operator's token and every value in a region's Secrets. Short values are
// left out, since they could occur anywhere.
func secretsOf(t *testing.T, region string) []string {
	t.Helper()
	token, err := os.ReadFile(lab.TokenFiles["manager"])
	if err != nil {
		t.Fatal(err)
	}
	values := []string{strings.TrimSpace(string(token))}
	for _, namespace := range []string{inlab.SatelliteNamespace, inlab.LegacyNamespace} {
		var list struct {
			Items []struct {
				Data map[string]string `json:"data"`
			} `json:"items"`
		}
		if err := json.Unmarshal([]byte(kubectl(t, region, "--namespace", namespace, "get", "secrets", "-o", "json")), &list); err != nil {
			t.Fatal(err)
		}
		for _, secret := range list.Items {
			for _, encoded := range secret.Data {
				value, err := base64.StdEncoding.DecodeString(encoded)
				if err != nil {
					t.Fatal(err)
				}
				if text := strings.TrimSpace(string(value)); len(text) >= 12 {
					values = append(values, text, encoded)
				}
			}
		}
	}
	return append(values, "envproxy-token-of-"+region, "PRIVATE KEY")
}

// TestFailureReport: the report says what failed and where, what was undone and what to type
// next, and the evidence contains no secrets.
func TestFailureReport(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "sydney") })
	failNextBuild(t, "canary-sydney", "no space left on device")
	dir := t.TempDir()
	result := plugin(t, 1, on("sydney", "migrate", "--yes", "--evidence-dir", dir)...)
	saysAll(t, "the report", result.Stdout, []string{
		"Region sydney: failed",
		"failed rebuild-canary: ", "no space left on device",
		"undone enable-networking-v2", "undone rebuild-canary",
		"left done, and kept for the next run: ", "register-satellite",
		"evidence " + filepath.Join(dir, "sydney-migrate-"),
		"next kubectl coder-satellite migrate --filename fleet.yaml --region sydney",
	})
	networking(t, "sydney", false)

	var text strings.Builder
	text.WriteString(result.Stdout + result.Stderr)
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names[filepath.Base(file)] = len(content) > 0
		if strings.HasSuffix(file, ".log") {
			names["a log"] = true
		}
		text.Write(content)
	}
	for _, wanted := range []string{"pods.yaml", "events.yaml", "journal.yaml", "a log"} {
		if !names[wanted] {
			t.Errorf("the evidence lacks %s: %v", wanted, names)
		}
	}
	for _, secret := range secretsOf(t, "sydney") {
		if strings.Contains(text.String(), secret) {
			t.Errorf("output or evidence holds a secret that begins with %.6q", secret)
		}
	}

	// the one suggested command fixes it
	report := document[v1alpha1.MigrationReport](t, 0, on("sydney", "migrate", "--yes")...)
	if !strings.Contains(report.Regions[0].Resumed, "ended Failed") {
		t.Errorf("the next run does not say how this one ended: %q", report.Regions[0].Resumed)
	}
}
