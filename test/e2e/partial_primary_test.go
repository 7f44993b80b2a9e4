package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// refuseRebuild makes the next rebuild of a region's canary fail after a delay.
func refuseRebuild(t *testing.T, region string) {
	t.Helper()
	switchOff(t, "canary-"+region)
	fault := codertest.Fault{Method: http.MethodPatch, Path: workspacePath, Delay: 2 * time.Second, Status: http.StatusBadRequest, Times: 1}
	if err := lab.AddFault(fault); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clearFaults(t) })
}

// answered waits until the primary has answered a request with this method, and returns the time.
func answered(t *testing.T, method string) time.Time {
	t.Helper()
	eventually(t, "the answer to a "+method, func() bool {
		requests, err := lab.Requests()
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(requests, func(request codertest.Request) bool {
			return request.Method == method && strings.HasPrefix(request.Path, "/api/v0/workspaces/") && !request.Pending
		})
	})
	return time.Now()
}

// TestLongPrimaryAwayAtTheFailure: the primary goes away for some seconds exactly when a step
// after the switch fails. The switch is undone when the primary is back.
func TestLongPrimaryAwayAtTheFailure(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	for name, away := range map[string]codertest.Fault{
		"connections reset": {ResetBefore: true},
		"502":               {Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html>bad gateway</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			resetRegion(t, "london")
			refuseRebuild(t, "london")
			if err := lab.ResetRequests(); err != nil {
				t.Fatal(err)
			}
			run := begin(t, on("london", "migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir())...)
			run.reaches(t, "london", "rebuild-canary")
			run.held(t, http.MethodPatch)
			if err := lab.AddFault(away); err != nil {
				t.Fatal(err)
			}
			answered(t, http.MethodPatch)
			<-time.After(5 * time.Second)
			clearFaults(t)
			result := run.wait(t, 1, 2*time.Minute)
			now, report := factsOf(t, "london"), reported(t, result)
			if now.On {
				t.Errorf("Networking v2 is on: %s", result)
			}
			// the satellite also lost its primary, and takes a while to become ready again
			now.Answers = inlab.StateOf(report) != nil && inlab.StateOf(report).SatelliteAnswers == v1alpha1.FindingYes
			saysTheFacts(t, report, now)
			saysAll(t, "the report", wordsOf(report), []string{"rebuild-canary", "Networking v2 off"})
			leadsOn(t, "london", report)
		})
	}
}

// switchedBack waits until the provider was switched a second time since the log was reset. It
// returns the time of that request from the primary's log, because reading all facts of a region
// takes seconds on a busy machine.
func switchedBack(t *testing.T) (at time.Time) {
	t.Helper()
	eventually(t, "Networking v2 is switched back", func() bool {
		requests, err := lab.Requests()
		if err != nil {
			t.Fatal(err)
		}
		switches := slices.DeleteFunc(requests, func(request codertest.Request) bool {
			return request.Method != http.MethodPatch || !strings.HasPrefix(request.Path, "/api/private/resource-pools/") || request.Pending
		})
		if len(switches) < 2 {
			return false
		}
		at = switches[1].Time
		return true
	})
	networking(t, "london", false)
	return at
}

// TestLongLogsThatHang: the switch is undone before evidence is collected, and logs that never
// arrive delay the run only briefly.
func TestLongLogsThatHang(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	for range 3 {
		foreignPod(t, "london", "lab-node")
	}
	hanging(t, "london", "lab-node")
	refuseRebuild(t, "london")
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	run := begin(t, on("london", "migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir())...)
	run.reaches(t, "london", "rebuild-canary")
	run.held(t, http.MethodPatch)
	networking(t, "london", true)
	failed := answered(t, http.MethodPatch)
	if took := switchedBack(t).Sub(failed); took > 5*time.Second {
		t.Errorf("Networking v2 was on for %s after the failure", took)
	}
	result := run.wait(t, 1, 45*time.Second)
	report := reported(t, result)
	saysTheFacts(t, report, factsOf(t, "london"))
	leadsOn(t, "london", report)
}

// TestEvidenceIsTheSatellites: other pods in the satellite's namespace are not part of the
// evidence.
func TestEvidenceIsTheSatellites(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	kubelet := hanging(t, "london", "another-node")
	pod := foreignPod(t, "london", "another-node")
	refuseRebuild(t, "london")
	dir := t.TempDir()
	report := reported(t, plugin(t, 1, on("london", "migrate", "--yes", "-o", "json", "--evidence-dir", dir)...))
	if asked := kubelet.Asked(); len(asked) > 0 {
		t.Errorf("logs that are not the satellite's were asked for: %v", asked)
	}
	files, err := filepath.Glob(filepath.Join(report.Evidence, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no evidence in %q: %v", report.Evidence, err)
	}
	logs := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".log") {
			logs++
		}
		if strings.Contains(file+string(content), pod) {
			t.Errorf("%s shows the pod %s, which is not the satellite's", file, pod)
		}
	}
	if logs == 0 {
		t.Errorf("no log of the satellite's: %v", files)
	}
	networking(t, "london", false)
}

// hanging makes requests for the logs of a node's pods hang until the test ends.
func hanging(t *testing.T, region, node string) *inlab.Kubelet {
	t.Helper()
	kubelet := inlab.HangingKubelet()
	t.Cleanup(kubelet.Close)
	restore, err := kubelet.Serve(t.Context(), lab, region, node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := restore(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	})
	return kubelet
}

// foreignPod starts a pod in the satellite's namespace that does not belong to the satellite,
// until the test ends. It returns the pod's name.
func foreignPod(t *testing.T, region, node string) string {
	t.Helper()
	manifest := `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"postgres-","labels":{"app":"postgres"}},` +
		`"spec":{"nodeName":"` + node + `","containers":[{"name":"postgres","image":"postgres:16"}]}}`
	file := writeInLab(t, "pod.json", []byte(manifest))
	name := kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "create", "-f", file, "-o", "jsonpath={.metadata.name}")
	t.Cleanup(func() {
		kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "delete", "pod", name, "--ignore-not-found", "--force", "--grace-period=0")
	})
	eventually(t, "pod "+name+" runs", func() bool {
		return kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "get", "pod", name, "-o", "jsonpath={.status.phase}") == "Running"
	})
	return name
}
