package report

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

func at(seconds int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC).Add(time.Duration(seconds) * time.Second))
}

// documents returns a plan, a run with its events, a status and a verification of a number of
// regions. The fourth of every ten fails, and the last is not started.
func documents(regions int) []any {
	primary := v1alpha1.Primary{URL: "https://coder.example.com", Version: "1.21.7", Operator: "operator@example.com"}
	plan := &v1alpha1.Plan{Primary: primary, Outcome: v1alpha1.OutcomeChangesPending, Waves: []v1alpha1.PlanWave{{Name: "1"}, {Name: "2"}}}
	run := &v1alpha1.MigrationReport{
		Operation: "migrate", Primary: primary, Outcome: v1alpha1.OutcomePartlyFailed, ExitCode: 3, Started: at(0), Finished: at(60 + 10*regions),
	}
	status := &v1alpha1.StatusReport{Primary: primary, Outcome: v1alpha1.OutcomeFailed, Taken: at(90 + 10*regions)}
	verified := &v1alpha1.VerifyReport{Primary: primary, Outcome: v1alpha1.OutcomePartlyFailed}
	all := []any{plan, run, status, verified}
	for i := range regions {
		name := "sydney"
		if i > 0 {
			name = fmt.Sprintf("region-%03d", i)
		}
		wave := &plan.Waves[min(i, 1)]
		wave.Regions = append(wave.Regions, name)
		failed, started := i%10 == 3, i < regions-1
		plan.Regions = append(plan.Regions, planOf(name, i))
		report, events := runOf(name, i, failed, started)
		run.Regions = append(run.Regions, report)
		for _, event := range events {
			all = append(all, event)
		}
		status.Regions = append(status.Regions, statusOf(name, failed))
		v := v1alpha1.RegionVerification{Name: name, Provider: v1alpha1.Provider{Name: name}, Outcome: v1alpha1.OutcomeSucceeded, Workspace: "canary-" + name}
		v.Primary = &v1alpha1.Connection{URL: primary.URL, Connected: true, RoundTrip: &v1alpha1.RoundTrip{Sent: 5, MedianMicroseconds: 152_000}}
		v.Satellite = &v1alpha1.Connection{URL: "https://" + name, Connected: true, RoundTrip: &v1alpha1.RoundTrip{Sent: 5, Lost: 1, MedianMicroseconds: 20_400}}
		if failed {
			v.Outcome = v1alpha1.OutcomeFailed
			v.Satellite = &v1alpha1.Connection{URL: "https://" + name, Stage: "relay", Message: "the TURN server of " + name + " did not answer", Hint: "Open UDP port 3478."}
		}
		verified.Regions = append(verified.Regions, v)
	}
	return all
}

func planOf(name string, i int) v1alpha1.RegionPlan {
	return v1alpha1.RegionPlan{
		Name: name, Outcome: v1alpha1.OutcomeChangesPending,
		Satellite: &v1alpha1.SatellitePlan{Context: name, AccessURL: "https://coder-" + name + ".example.com"},
		Providers: []v1alpha1.ProviderPlan{{
			Provider: v1alpha1.Provider{Name: name}, Context: name, Outcome: v1alpha1.OutcomeChangesPending,
			Impact: &v1alpha1.Impact{Workspaces: 20, On: 7, Users: 11, ConnectedLastHour: 3},
		}},
		Steps: []v1alpha1.StepPlan{
			{Name: "preflight", Action: v1alpha1.ActionNone, Reason: fmt.Sprintf("%d checks passed", 20+i)},
			{Name: "install-satellite", Action: v1alpha1.ActionChange, Reason: "install coder 1.21.7 as coder-satellite/coder-satellite", Details: []string{"Deployment coderd", "Service coderd"},
				Diff: "--- deployed\n+++ planned\n@@ -1,2 +1,3 @@\n kind: Deployment\n-  replicas: 1\n+  replicas: 2\n"},
			{Name: "enable-networking-v2", Provider: name, Action: v1alpha1.ActionChange, Reason: fmt.Sprintf("switch provider %q to Networking v2", name)},
		},
		Preflight: []v1alpha1.CheckResult{
			{ID: "access-url-dns", Category: "satellite", Severity: v1alpha1.SeverityWarning, State: v1alpha1.CheckWarn, Message: "coder-" + name + ".example.com has no address yet", Hint: "Create the DNS record once the load balancer has an address."},
		},
	}
}

// runOf is the report and the events of one region's run.
func runOf(name string, i int, failed, started bool) (v1alpha1.RegionReport, []*v1alpha1.Progress) {
	if !started {
		return v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeNotStarted, Error: "not started, because another region failed"}, nil
	}
	begin := 10 * i
	latency := func(median int64) *v1alpha1.Latency {
		return &v1alpha1.Latency{Answers: 9, MedianMicroseconds: median, P95Microseconds: 2 * median}
	}
	report := v1alpha1.RegionReport{
		Name: name, Outcome: v1alpha1.OutcomeSucceeded, Preflight: planOf(name, i).Preflight,
		Providers: []v1alpha1.ProviderReport{{
			Provider: v1alpha1.Provider{Name: name}, Context: name, Outcome: v1alpha1.OutcomeSucceeded,
			After: &v1alpha1.ProviderState{
				NetworkingV2: v1alpha1.NetworkingV2On, PathAnswers: v1alpha1.FindingYes, LegacyRetained: v1alpha1.FindingYes,
				Adoption: &v1alpha1.Adoption{Total: 20, Adopted: 8, WaitingOn: 2, WaitingOff: 10}, Distance: &v1alpha1.Distance{From: "laptop", PrimaryMicroseconds: 152_000, SatelliteMicroseconds: 20_400},
			},
		}},
		Steps: []v1alpha1.StepResult{
			{Name: "retain-legacy", Provider: name, State: v1alpha1.StepAlready, Message: "already retained", Started: at(begin), Finished: at(begin)},
			{Name: "install-satellite", State: v1alpha1.StepDone, Message: "coder 1.21.7 was installed", Started: at(begin), Finished: at(begin + 25)},
			{Name: "enable-networking-v2", Provider: name, State: v1alpha1.StepDone, Message: "Networking v2 is on", Started: at(begin + 25), Finished: at(begin + 30)},
		},
		Measured: &v1alpha1.Measurements{From: "laptop", Paths: []v1alpha1.PathMeasurement{
			{Path: "primary", URL: "https://coder.example.com", Probes: 40, Before: latency(152_000), During: latency(151_000), After: latency(150_000)},
			{Path: "legacy", Provider: name, URL: "https://envproxy", Probes: 40, Before: latency(22_000)},
		}},
	}
	if failed {
		report.Outcome, report.Error = v1alpha1.OutcomeFailed, "verify-connectivity: "+name+" was not reached through the satellite"
		report.Next = "kubectl coder-satellite migrate -f fleet.yaml --region " + name
		report.Left = []string{"the satellite's release is still installed"}
		report.Steps[2] = v1alpha1.StepResult{Name: "enable-networking-v2", Provider: name, State: v1alpha1.StepFailed, Error: "the canary was not reached", Started: at(begin + 25), Finished: at(begin + 30)}
		report.Steps = append(report.Steps, v1alpha1.StepResult{Name: "enable-networking-v2", Provider: name, State: v1alpha1.StepUndone, Message: "Networking v2 is off again", Started: at(begin + 30), Finished: at(begin + 40)})
		report.Measured.Paths[1].Failures, report.Measured.Paths[1].LongestGapMilliseconds = 4, 4200
	}
	return report, eventsOf(report, min(i, 1)+1)
}

// eventsOf returns the events of a region's run.
func eventsOf(report v1alpha1.RegionReport, wave int) []*v1alpha1.Progress {
	event := func(time metav1.Time, step v1alpha1.StepResult, state v1alpha1.StepState, message string) *v1alpha1.Progress {
		return &v1alpha1.Progress{Time: time, Region: report.Name, Step: step.Name, Provider: step.Provider, State: state, Message: message}
	}
	begin := event(report.Steps[0].Started, v1alpha1.StepResult{}, v1alpha1.StepRunning, "")
	begin.Wave, begin.Waves = wave, 2
	events := []*v1alpha1.Progress{begin}
	for _, step := range report.Steps {
		if step.State != v1alpha1.StepAlready {
			running := event(step.Started, step, v1alpha1.StepRunning, "begins")
			if step.Name == "install-satellite" {
				running.Attention, running.Message = true, "create the DNS record coder-"+report.Name+".example.com A 203.0.113.7"
			}
			events = append(events, running)
		}
		events = append(events, event(step.Finished, step, step.State, step.Message))
	}
	state := v1alpha1.StepDone
	if report.Error != "" {
		state = v1alpha1.StepFailed
	}
	return append(events, event(report.Steps[len(report.Steps)-1].Finished, v1alpha1.StepResult{}, state, report.Error))
}

func statusOf(name string, failed bool) v1alpha1.RegionStatus {
	region := v1alpha1.RegionStatus{
		Name: name, Phase: v1alpha1.PhaseMigrated, Outcome: v1alpha1.OutcomeSucceeded,
		Satellite: &v1alpha1.SatelliteStatus{Context: name, AccessURL: "https://coder-" + name + ".example.com", Version: "1.21.7"},
		Providers: []v1alpha1.ProviderStatus{{
			Provider: v1alpha1.Provider{Name: name}, Context: name, Phase: v1alpha1.PhaseMigrated, NetworkingV2: v1alpha1.NetworkingV2On,
			Adoption: &v1alpha1.Adoption{Total: 20, Adopted: 12, WaitingOff: 8}, Distance: &v1alpha1.Distance{From: "laptop", PrimaryMicroseconds: 152_000, SatelliteMicroseconds: 20_400},
		}},
		Checks: []v1alpha1.CheckResult{
			{ID: "primary-version", Category: "primary", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckPass, Message: "1.21.7"},
			{ID: "unified-url", Category: "satellite", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckSkipped, Message: "the fleet has none"},
			{ID: "workspaces-adopted", Provider: name, Category: "provider", Severity: v1alpha1.SeverityWarning, State: v1alpha1.CheckWarn, Message: "8 of 20 workspaces wait", Hint: "kubectl coder-satellite workspaces -f fleet.yaml"},
		},
	}
	if failed {
		region.Phase, region.Outcome = v1alpha1.PhasePartial, v1alpha1.OutcomeFailed
		region.Providers[0].Phase, region.Providers[0].NetworkingV2 = v1alpha1.PhasePartial, v1alpha1.NetworkingV2Off
		region.Checks = append(region.Checks,
			v1alpha1.CheckResult{ID: "networking-v2", Provider: name, Category: "provider", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail, Message: "Networking v2 is off", Hint: "kubectl coder-satellite migrate -f fleet.yaml"},
			v1alpha1.CheckResult{ID: "satellite-ready", Category: "satellite", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckUnknown, Message: "unknown: the cluster of " + name + " did not answer"})
	}
	return region
}

// encoded encodes the documents as they are printed and stored.
func encoded(t *testing.T, documents ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	p, err := printer.New("json", printer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range documents {
		if event, ok := document.(*v1alpha1.Progress); ok {
			b.Write(printer.EventLine(*event))
		} else if err := p.PrintObj(document.(runtime.Object), &b); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// reportOf is a report on the documents.
func reportOf(t *testing.T, documents ...any) *Report {
	t.Helper()
	r := &Report{}
	if err := r.Read(encoded(t, documents...)); err != nil {
		t.Fatal(err)
	}
	return r
}

// hostile is a name that an API could return.
const hostile = "a</script><script>alert(1)</script>\x1b[2J\u009b31m\u202eb]]>|c\n## d\n```\n--> <!-- \"'\\ [x](javascript:alert(1)) {{.}} --password=hunter2 \x00\xff"

// withHostileTexts puts hostile text behind every text of the documents.
func withHostileTexts(documents []any) []any {
	for _, document := range documents {
		makeHostile(reflect.ValueOf(document))
	}
	return documents
}

func makeHostile(value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			makeHostile(value.Elem())
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() { // a time has none
				makeHostile(value.Field(i))
			}
		}
	case reflect.Slice:
		for i := range value.Len() {
			makeHostile(value.Index(i))
		}
	case reflect.String:
		if value.String() != "" {
			value.SetString(value.String() + hostile)
		}
	}
}
