package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// Paths at the primary whose answers can be delayed to hold up a step.
const (
	poolPath      = "/api/private/resource-pools/*"
	satellitePath = "/api/private/satellites"
	workspacePath = "/api/v0/workspaces/*"
)

// running is the plugin while it is running. kubectl and the shell replace themselves with it by
// exec, so that signals reach the plugin itself.
type running struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	started        time.Time
	ended          chan struct{}
	result         inlab.Result
}

// begin starts the plugin, which is killed if the test ends first.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{started: time.Now(), ended: make(chan struct{})}
	r.command = lab.Command(context.WithoutCancel(t.Context()), nil, "kubectl", append([]string{"coder-satellite"}, args...)...)
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		err := r.command.Wait()
		r.result = inlab.Result{Stdout: r.stdout.String(), Stderr: r.stderr.String(), Took: time.Since(r.started)}
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit):
			r.result.Code = exit.ExitCode()
		case err != nil:
			r.result.Code = -1
		}
	}()
	t.Cleanup(func() {
		_ = r.command.Process.Kill() // does nothing if it has ended
		<-r.ended
	})
	return r
}

// signal sends the plugin a signal.
func (r *running) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := r.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// wait returns the plugin's result, and fails the test unless the plugin exits with the code in
// time.
func (r *running) wait(t *testing.T, code int, within time.Duration) inlab.Result {
	t.Helper()
	if result := r.outcome(t, within); result.Code != code {
		t.Fatalf("want exit code %d, got %s", code, result)
	}
	return r.result
}

// outcome returns the plugin's result, and fails the test unless the plugin ends in time.
func (r *running) outcome(t *testing.T, within time.Duration) inlab.Result {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(within):
		t.Fatalf("the plugin did not end within %s", within)
	}
	return r.result
}

// reaches waits until the region's journal names this step.
func (r *running) reaches(t *testing.T, region, step string) {
	t.Helper()
	eventually(t, "step "+step, func() bool {
		select {
		case <-r.ended:
			t.Fatalf("the plugin ended before step %s: %s", step, r.result)
		default:
		}
		for _, record := range []*journal.Record{recordOf(t, region), satelliteRecordOf(t, region)} {
			if record != nil && record.Outcome == "" && record.Step == step && record.State == "Running" {
				return true
			}
		}
		return false
	})
}

// held waits until the primary has received a request with this method and has not answered it
// yet.
func (r *running) held(t *testing.T, method string) {
	t.Helper()
	eventually(t, "a "+method+" that the primary holds up", func() bool {
		requests, err := lab.Requests()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(requests, func(request codertest.Request) bool {
			return request.Method == method && request.Pending
		})
	})
}

// recordOf returns the journal of the region's provider; nil if there is none.
func recordOf(t *testing.T, region string) *journal.Record {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	return recordAt(t, region, types.NamespacedName{Namespace: inlab.LegacyNamespace, Name: inlab.ProviderJournal(provider.ID)})
}

// satelliteRecordOf returns the journal of the region's satellite; nil if there is none.
func satelliteRecordOf(t *testing.T, region string) *journal.Record {
	t.Helper()
	return recordAt(t, region, types.NamespacedName{Namespace: inlab.SatelliteNamespace, Name: inlab.SatelliteJournal})
}

// recordAtStep returns the journal that names the step.
func recordAtStep(t *testing.T, region, step string) *journal.Record {
	t.Helper()
	if strings.HasSuffix(step, "-satellite") {
		return satelliteRecordOf(t, region)
	}
	return recordOf(t, region)
}

func recordAt(t *testing.T, region string, place types.NamespacedName) *journal.Record {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	record, err := journal.Read(context.WithoutCancel(t.Context()), access.Clientset(), place)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// slow delays the primary's answers to such requests until the test ends or clearFaults is
// called.
func slow(t *testing.T, method, path string, by time.Duration) {
	t.Helper()
	if err := lab.AddFault(codertest.Fault{Method: method, Path: path, Delay: by}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clearFaults(t) })
}

func clearFaults(t *testing.T) {
	t.Helper()
	if err := lab.ClearFaults(); err != nil {
		t.Fatal(err)
	}
}
