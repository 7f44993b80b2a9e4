package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// plugin runs the plugin and fails the test unless it exits with the code.
func plugin(t *testing.T, code int, args ...string) inlab.Result {
	t.Helper()
	result := lab.Plugin(context.WithoutCancel(t.Context()), args...) // also used in clean-ups
	if result.Code != code {
		t.Fatalf("kubectl coder-satellite %s: want exit code %d, got %s", strings.Join(args, " "), code, result)
	}
	return result
}

// document runs the plugin with -o json and decodes its output.
func document[T any](t *testing.T, code int, args ...string) T {
	t.Helper()
	var out T
	result := plugin(t, code, append(args, "-o", "json")...)
	if err := json.Unmarshal([]byte(result.Stdout), &out); err != nil {
		t.Fatalf("the document is not JSON: %v: %s", err, result)
	}
	return out
}

// editedFleet writes a changed copy of the lab's Fleet next to it, and returns its path.
func editedFleet(t *testing.T, edit func(*v1alpha1.Fleet)) string {
	t.Helper()
	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var fleet v1alpha1.Fleet
	if err := yaml.UnmarshalStrict(data, &fleet); err != nil {
		t.Fatal(err)
	}
	edit(&fleet)
	if data, err = yaml.Marshal(fleet); err != nil {
		t.Fatal(err)
	}
	return writeInLab(t, "fleet.yaml", data)
}

// writeInLab writes a file of this test into the lab's folder, which also has the files that a
// Fleet names.
func writeInLab(t *testing.T, suffix string, data []byte) string {
	t.Helper()
	name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + "-*-" + suffix
	file, err := os.CreateTemp(lab.Dir, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file.Name()) })
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// resetRegion undoes a region's migration, and switches its canary off.
func resetRegion(t *testing.T, region string) {
	t.Helper()
	plugin(t, 0, "rollback", "-f", "fleet.yaml", "--region", region, "--remove-satellite", "--yes")
	switchOff(t, "canary-"+region)
}

// quiet fails the test if anything was written to the clusters since the marks, or to the primary
// since its log was emptied.
func quiet(t *testing.T, marks map[string]int64) {
	t.Helper()
	for region, mark := range marks {
		writes, err := lab.Writes(region, mark)
		if err != nil {
			t.Fatal(err)
		}
		if len(writes) > 0 {
			t.Errorf("written to the cluster of %s: %v", region, writes)
		}
	}
	requests, err := lab.Requests()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range requests {
		if request.Method != "GET" && request.Method != "HEAD" {
			t.Errorf("written to the primary: %s %s", request.Method, request.Path)
		}
	}
}

// marks empties the primary's log and returns the present end of each region's audit log.
func marks(t *testing.T) map[string]int64 {
	t.Helper()
	ends := map[string]int64{}
	for _, region := range lab.Regions {
		end, err := lab.AuditMark(region.Name)
		if err != nil {
			t.Fatal(err)
		}
		ends[region.Name] = end
	}
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	return ends
}

// states lists the steps of a report as "name=state".
func states(report v1alpha1.RegionReport) []string {
	var list []string
	for _, step := range report.Steps {
		list = append(list, step.Name+"="+string(step.State))
	}
	return list
}

func contains(list []string, wanted string) bool { return slices.Contains(list, wanted) }
