package topology

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	decoder "github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
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

// reported returns the only region of the report in a result.
func reported(t *testing.T, result inlab.Result) v1alpha1.RegionReport {
	t.Helper()
	var report v1alpha1.MigrationReport
	if err := json.Unmarshal([]byte(result.Stdout), &report); err != nil || len(report.Regions) != 1 {
		t.Fatalf("no report of one region: %v: %s", err, result)
	}
	return report.Regions[0]
}

// fleet writes a changed copy of the lab's Fleet next to it, and returns its path.
func fleet(t *testing.T, edit func(*v1alpha1.Fleet)) string {
	t.Helper()
	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := decoder.Decode("fleet.yaml", data) // which knows the short forms
	if err != nil {
		t.Fatal(err)
	}
	edit(found)
	if data, err = yaml.Marshal(found); err != nil {
		t.Fatal(err)
	}
	file, err := os.CreateTemp(lab.Dir, "fleet-*.yaml")
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

// regionOf returns the region of that name in a Fleet.
func regionOf(f *v1alpha1.Fleet, name string) v1alpha1.Region {
	for _, region := range f.Regions {
		if region.Name == name {
			return region
		}
	}
	return v1alpha1.Region{}
}

// providerOf returns the provider of that name at the primary.
func providerOf(t *testing.T, name string) codertest.Provider {
	t.Helper()
	provider, err := lab.Provider(name)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

// switches fails the test unless the providers' Networking v2 is as wanted.
func switches(t *testing.T, want map[string]bool) {
	t.Helper()
	for name, on := range want {
		if found := providerOf(t, name).EnableNetV2; found == nil || *found != on {
			t.Errorf("Networking v2 of %s is on: %v, want %t", name, found != nil && *found, on)
		}
	}
}

// reset rolls back the providers of a region, and removes its satellite.
func reset(t *testing.T, region string) {
	t.Helper()
	args := []string{"rollback", "-f", "fleet.yaml", "--region", region, "--yes", "--networking-v2-was", "off", "-o", "json"}
	if region == "headquarters" {
		plugin(t, 0, args...)
		return
	}
	report := reported(t, plugin(t, 0, append(args, "--remove-satellite")...))
	if report.Outcome == v1alpha1.OutcomeNothingToDo {
		return // the test ended before it had a satellite
	}
	left := report.Satellite.After
	if left == nil || left.Registered != v1alpha1.FindingNo || left.Release != "none" || left.Answers != v1alpha1.FindingNo {
		t.Errorf("the report says of the satellite that was removed: %+v", left)
	}
}

// running is the plugin while it is running.
type running struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	progress       chan string
	ended          chan struct{}
	code           int
}

// begin starts the plugin. Its stderr arrives line by line in progress.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{progress: make(chan string, 1000), ended: make(chan struct{})}
	r.command = lab.Command(context.WithoutCancel(t.Context()), nil, "kubectl", append([]string{"coder-satellite"}, args...)...)
	r.command.Stdout, r.command.Stderr = &r.stdout, &lines{r: r}
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		_ = r.command.Wait()
		r.code = r.command.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		_ = r.command.Process.Kill() // does nothing if it has ended
		<-r.ended
	})
	return r
}

// lines splits output into complete lines.
type lines struct {
	r    *running
	rest string
}

func (l *lines) Write(data []byte) (int, error) {
	_, _ = l.r.stderr.Write(data)
	l.rest += string(data)
	for {
		line, rest, ok := strings.Cut(l.rest, "\n")
		if !ok {
			return len(data), nil
		}
		l.rest = rest
		select {
		case l.r.progress <- line:
		default: // nobody is waiting for it
		}
	}
}

// says waits until the plugin's progress contains the text. It reports false if the plugin ends
// before.
func (r *running) says(t *testing.T, part string) bool {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case line := <-r.progress:
			if strings.Contains(line, part) {
				return true
			}
		case <-r.ended:
			return false
		case <-deadline:
			t.Fatalf("it did not say %q: %s", part, r.stderr.String())
		}
	}
}

// outcome waits until the plugin has ended.
func (r *running) outcome(t *testing.T) inlab.Result {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(4 * time.Minute):
		t.Fatalf("the plugin did not end: %s", r.stderr.String())
	}
	return inlab.Result{Stdout: r.stdout.String(), Stderr: r.stderr.String(), Code: r.code}
}
