package gitops

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// on runs a verb of the plugin on one region of the lab's Fleet, and fails the test unless it exits with the code.
func on(t *testing.T, code int, region, verb string, args ...string) inlab.Result {
	t.Helper()
	return from(t, code, "fleet.yaml", region, verb, args...)
}

// from is on, with another Fleet file.
func from(t *testing.T, code int, fleet, region, verb string, args ...string) inlab.Result {
	t.Helper()
	args = append([]string{verb, "-f", fleet, "--region", region}, args...)
	result := lab.Plugin(context.WithoutCancel(t.Context()), args...)
	if result.Code != code {
		t.Fatalf("kubectl coder-satellite %s: want exit code %d, got %s", strings.Join(args, " "), code, result)
	}
	return result
}

// says fails the test unless all parts are in the text.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in: %s", part, text)
		}
	}
}

// decoded is the report in what status -o json printed, of one region.
func decoded(result inlab.Result) (report v1alpha1.StatusReport, err error) {
	if err := json.Unmarshal([]byte(result.Stdout), &report); err != nil || len(report.Regions) != 1 {
		return report, fmt.Errorf("no status of one region: %w: %s", err, result)
	}
	return report, nil
}

// check is a check's result in status.
func check(t *testing.T, region, id string) v1alpha1.CheckResult {
	t.Helper()
	report, err := decoded(lab.Plugin(context.WithoutCancel(t.Context()), "status", "-f", "fleet.yaml", "--region", region, "-o", "json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range report.Regions[0].Checks {
		if found.ID == id {
			return found
		}
	}
	t.Fatalf("status has no check %s: %+v", id, report)
	return v1alpha1.CheckResult{}
}

func kubectl(t *testing.T, region string, args ...string) string {
	t.Helper()
	output, err := lab.Kubectl(context.WithoutCancel(t.Context()), region, args...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// helm runs the real Helm.
func helm(t *testing.T, region string, args ...string) string {
	t.Helper()
	result := lab.Helm(context.WithoutCancel(t.Context()), region, args...)
	if result.Code != 0 {
		t.Fatalf("helm %v: %s", args, result)
	}
	return result.Stdout
}

// apply applies objects, as Git's Kustomization would.
func apply(t *testing.T, region, objects string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(objects), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, region, "apply", "--filename", file)
}

// eventually waits until done reports true.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 90 seconds", what)
		}
		<-time.After(100 * time.Millisecond)
	}
}

// view looks at the region's only provider without the plugin.
func view(t *testing.T, region string) *meddle.View {
	t.Helper()
	opened, err := meddle.Open(lab, region)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened.Views[0]
}

// look looks once.
func look(t *testing.T, v *meddle.View) meddle.Facts {
	t.Helper()
	facts, err := v.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// quiet runs what must write nothing, as the operator, to the region's cluster.
func quiet(t *testing.T, region string, run func()) {
	t.Helper()
	mark, err := lab.AuditMark(region)
	if err != nil {
		t.Fatal(err)
	}
	run()
	writes, err := lab.Writes(region, mark)
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range writes {
		t.Errorf("%s: the plugin wrote: %v", region, write)
	}
}
