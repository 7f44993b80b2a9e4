package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// helm4 runs the real Helm 4 on ohio's legacy namespace.
func helm4(t *testing.T, args ...string) string {
	t.Helper()
	result := lab.Run(context.WithoutCancel(t.Context()), nil, "helm4", append([]string{"--kube-context", "ohio", "--namespace", inlab.LegacyNamespace}, args...)...)
	if result.Code != 0 {
		t.Fatalf("helm4 %s: %s", strings.Join(args, " "), result)
	}
	return result.Stdout
}

// helm4Retained fails the test unless Helm 4 finds the retained release by its label, with a
// manifest that keeps every object.
func helm4Retained(t *testing.T, objects int) {
	t.Helper()
	listed := helm4(t, "list", "--all-namespaces", "--short", "--selector", "coder-satellite.dev/retained=true")
	if diff := cmp.Diff(inlab.LegacyRelease+"\n", listed); diff != "" {
		t.Errorf("retained releases, as Helm 4 lists them (-want +got):\n%s", diff)
	}
	if manifest := helm4(t, "get", "manifest", inlab.LegacyRelease); strings.Count(manifest, "helm.sh/resource-policy: 'keep'") != objects {
		t.Errorf("the manifest does not keep all %d objects:\n%s", objects, manifest)
	}
}

// legacyRecord returns the decoded record of a revision of the legacy release.
func legacyRecord(t *testing.T, revision string) map[string]any {
	t.Helper()
	name := "secret/sh.helm.release.v1." + inlab.LegacyRelease + ".v" + revision
	data, err := base64.StdEncoding.DecodeString(kubectl(t, "ohio", "--namespace", inlab.LegacyNamespace, "get", name, "-o", "go-template={{.data.release | base64decode}}"))
	if err != nil {
		t.Fatal(err)
	}
	inflated, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(inflated)
	if err != nil {
		t.Fatal(err)
	}
	var record map[string]any
	if err := json.Unmarshal(text, &record); err != nil {
		t.Fatal(err)
	}
	return record
}

// TestHelm4: users of Helm 4 see retained releases, lose nothing by its uninstall, and can
// restore the release.
func TestHelm4(t *testing.T) {
	if _, err := os.Stat(filepath.Join(lab.Bin, "helm4")); err != nil {
		t.Fatalf("this test needs bin/helm4: run `make test`, which builds it: %v", err)
	}
	freshLegacy(t, "ohio")
	plugin(t, 0, on("ohio", "retain", "--yes")...)
	before := identities(t, "ohio")
	helm4Retained(t, len(before))
	helm4(t, "status", inlab.LegacyRelease)

	helm4(t, "uninstall", inlab.LegacyRelease)
	sameObjects(t, "ohio", before)
	envproxyServes(t, "ohio")
	plugin(t, 0, on("ohio", "retain", "--yes")...)
	helm4Retained(t, len(before))

	// Helm 4 writes fields into a record that Helm 3 does not know
	helm4(t, "upgrade", inlab.LegacyRelease, lab.LegacyChart("1.20.0"), "--reuse-values")
	sameObjects(t, "ohio", before)
	written := legacyRecord(t, "2")
	if written["apply_method"] == nil {
		t.Errorf("Helm 4 wrote no apply_method: %v", written)
	}
	plugin(t, 0, on("ohio", "retain", "--yes")...)
	helm4Retained(t, len(before))
	retained := legacyRecord(t, "2")
	for _, record := range []map[string]any{written, retained} {
		delete(record, "manifest") // retention edits only this field
	}
	if diff := cmp.Diff(written, retained); diff != "" {
		t.Errorf("retention changed more of Helm 4's record than its manifest (-before +after):\n%s", diff)
	}

	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	helm4(t, "uninstall", inlab.LegacyRelease)
	sameObjects(t, "ohio", before)
	plugin(t, 0, on("ohio", "rollback", "--yes")...)
	sameObjects(t, "ohio", before)
	envproxyServes(t, "ohio")
	networking(t, "ohio", false)
	helm4Retained(t, len(before))
}
