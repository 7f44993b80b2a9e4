package printer_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// fleetSize is the number of regions that the output is designed for.
const fleetSize = 200

// place has the names of everything in one region of a large fleet.
type place struct{ name, context, provider, url, host string }

func places() (all []place) {
	cities := []string{"sydney", "london", "ohio", "tokyo", "paris", "lima", "oslo", "rome", "bern", "de"}
	for i := range fleetSize {
		city := cities[i%len(cities)]
		if i >= len(cities) {
			city = fmt.Sprintf("%s-%c", city, 'a'+i/len(cities))
		}
		host := "coder-" + city + ".example.com"
		all = append(all, place{city, "gke_acme_" + city, "pool-" + city, "https://" + host, host})
	}
	return all
}

// fleetPlan has regions to change, regions that are already migrated, and two unreachable
// regions.
func fleetPlan() *v1alpha1.Plan {
	plan := &v1alpha1.Plan{Primary: primary(), Outcome: v1alpha1.OutcomePreflightFailed, Waves: []v1alpha1.PlanWave{{Name: "1"}, {Name: "2"}, {Name: "3"}}}
	for i, at := range places() {
		step := func(provider, name string, action v1alpha1.StepAction, reason string) v1alpha1.StepPlan {
			return v1alpha1.StepPlan{Name: name, Provider: provider, Action: action, Reason: reason}
		}
		region := v1alpha1.RegionPlan{
			Name: at.name, Outcome: v1alpha1.OutcomeChangesPending,
			Satellite: &v1alpha1.SatellitePlan{Context: at.context, Namespace: "coder-satellite", Release: "coder-satellite", AccessURL: at.url},
			Providers: []v1alpha1.ProviderPlan{{
				Provider: v1alpha1.Provider{Name: at.provider}, Context: at.context, Outcome: v1alpha1.OutcomeChangesPending,
				Impact: &v1alpha1.Impact{Workspaces: 12, On: 5, Users: 7, RebuiltBySwitch: true},
			}},
			Steps: []v1alpha1.StepPlan{
				step("", "preflight", v1alpha1.ActionNone, "every check passes"),
				step("", "install-satellite", v1alpha1.ActionChange, "install coder 1.21.7 as coder-satellite/coder-satellite"),
				step("", "expose-satellite", v1alpha1.ActionCheck, "wait until "+at.url+" answers with the satellite's own key"),
				step("", "register-satellite", v1alpha1.ActionChange, fmt.Sprintf("register %q at the primary", at.name)),
				step("", "verify-satellite", v1alpha1.ActionCheck, "wait until the primary's API answers through the satellite"),
				step(at.provider, "retain-legacy", v1alpha1.ActionChange, fmt.Sprintf("retain coder/coder-workspace-provider revision %d", i)),
				step(at.provider, "enable-networking-v2", v1alpha1.ActionChange, fmt.Sprintf("switch provider %q to Networking v2", at.provider)),
				step(at.provider, "rebuild-canary", v1alpha1.ActionChange, fmt.Sprintf("rebuild workspace %q", "canary of user "+at.name)),
				step(at.provider, "verify-connectivity", v1alpha1.ActionCheck, fmt.Sprintf("connect to workspace %q through the satellite, as its owner's clients do", "canary of user "+at.name)),
			},
			Preflight: []v1alpha1.CheckResult{
				answer("access-url-dns", v1alpha1.CheckWarn, at.host+" has no address yet", "create the DNS record once the load balancer has an address"),
			},
		}
		switch {
		case i == 7 || i == 90:
			region.Outcome, region.Providers[0].Outcome, region.Providers[0].Impact = v1alpha1.OutcomePreflightFailed, v1alpha1.OutcomePreflightFailed, nil
			region.Preflight = []v1alpha1.CheckResult{unreachable(at, i)}
		case i%11 == 3:
			region.Outcome, region.Providers[0].Outcome, region.Providers[0].Impact = v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeNothingToDo, nil
			region.Preflight = nil
			for j := range region.Steps {
				region.Steps[j].Action = v1alpha1.ActionNone
			}
		}
		plan.Regions = append(plan.Regions, region)
		wave := min(i, 1) + i/100
		plan.Waves[wave].Regions = append(plan.Waves[wave].Regions, at.name)
	}
	return plan
}

func unreachable(at place, i int) v1alpha1.CheckResult {
	return answer("cluster-reachable", v1alpha1.CheckUnknown,
		fmt.Sprintf("unknown: context %q: dial tcp 10.0.0.%d:6443: connect: connection refused", at.context, i),
		"try: kubectl --context "+at.context+" get namespace kube-system")
}

// fleetStatus is a fleet in which two regions do not answer and one has a pod that does not
// start.
func fleetStatus(token v1alpha1.CheckState) *v1alpha1.StatusReport {
	report := &v1alpha1.StatusReport{Primary: primary(), Outcome: v1alpha1.OutcomeFailed}
	for i, at := range places() {
		region := v1alpha1.RegionStatus{
			Name: at.name, Phase: v1alpha1.PhaseMigrated, Outcome: v1alpha1.OutcomeSucceeded,
			Satellite: &v1alpha1.SatelliteStatus{Context: at.context, AccessURL: at.url, Version: "1.21.7"},
			Providers: []v1alpha1.ProviderStatus{{
				Provider: v1alpha1.Provider{Name: at.provider}, Context: at.context, NetworkingV2: v1alpha1.NetworkingV2On,
				Adoption: &v1alpha1.Adoption{Total: 4, Adopted: i % 5},
			}},
			Checks: []v1alpha1.CheckResult{answer("primary-version", token, "unknown: GET https://coder.example.com/api/v2/buildinfo: 401 unauthorized", "run `coder login https://coder.example.com`")},
		}
		if token == v1alpha1.CheckPass && i%5 < 4 {
			region.Checks = append(region.Checks, answer("workspaces-adopted", v1alpha1.CheckWarn, fmt.Sprintf("%d of 4 workspaces moved", i%5), "kubectl coder-satellite workspaces --region "+at.name))
		}
		switch i {
		case 7, 90:
			region.Phase, region.Outcome = v1alpha1.PhaseUnknown, v1alpha1.OutcomeFailed
			region.Checks = append(region.Checks, unreachable(at, i))
		case 42:
			region.Outcome = v1alpha1.OutcomeFailed
			region.Checks = append(region.Checks, answer("satellite-ready", v1alpha1.CheckFail, "not ready: pod coderd-0: ImagePullBackOff", "kubectl get pods"))
		}
		if token != v1alpha1.CheckPass {
			region.Outcome = v1alpha1.OutcomeFailed
		}
		report.Regions = append(report.Regions, region)
	}
	return report
}

// fleetReport is a migration in which many regions met the same problem.
func fleetReport() *v1alpha1.MigrationReport {
	report := &v1alpha1.MigrationReport{Operation: "migrate", Primary: primary(), Outcome: v1alpha1.OutcomePartlyFailed, ExitCode: 3, Started: at(0), Finished: at(4000)}
	for i, place := range places() {
		region := v1alpha1.RegionReport{
			Name: place.name, Outcome: v1alpha1.OutcomeSucceeded, Satellite: &v1alpha1.SatelliteReport{Context: place.context},
			Providers: []v1alpha1.ProviderReport{{Provider: v1alpha1.Provider{Name: place.provider}, Context: place.context, Outcome: v1alpha1.OutcomeSucceeded, After: &v1alpha1.ProviderState{
				NetworkingV2: v1alpha1.NetworkingV2On, PathAnswers: v1alpha1.FindingYes, LegacyRetained: v1alpha1.FindingYes,
			}}},
			Steps: []v1alpha1.StepResult{{Name: "verify-connectivity", State: v1alpha1.StepDone, Message: fmt.Sprintf("workspace %q is reached", "canary-"+place.name), Started: at(i), Finished: at(2*i + 5)}},
		}
		if i%40 == 17 {
			region.Outcome, region.Providers[0].Outcome, region.Providers[0].After.NetworkingV2 = v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, v1alpha1.NetworkingV2Off
			region.Error = fmt.Sprintf("expose-satellite was not done within 15m: create the DNS record %s A 10.0.0.%d", place.host, i)
			region.Steps = []v1alpha1.StepResult{{Name: "expose-satellite", State: v1alpha1.StepFailed, Error: region.Error}}
			region.Next = "kubectl coder-satellite migrate --filename fleet.yaml --region " + place.name
			region.Evidence = "/home/ann/.cache/coder-satellite/evidence/" + place.name + "-migrate-20260304T050607Z"
		}
		if i >= 190 {
			region = v1alpha1.RegionReport{Name: place.name, Outcome: v1alpha1.OutcomeNotStarted, Error: "not started, because 5 region(s) failed (rollout.maxFailures)", Steps: []v1alpha1.StepResult{}}
		}
		report.Regions = append(report.Regions, region)
	}
	return report
}

// The report of 200 regions fits on a screen. The wide form names every region.
func TestFleetFitsScreen(t *testing.T) {
	for name, document := range map[string]runtime.Object{
		"fleet-plan": fleetPlan(), "fleet-status": fleetStatus(v1alpha1.CheckPass), "fleet-status-token": fleetStatus(v1alpha1.CheckUnknown), "fleet-report": fleetReport(),
	} {
		t.Run(name, func(t *testing.T) {
			got := string(show(t, "", printer.Options{}, document))
			golden(t, name+".txt", []byte(got))
			checkText(t, got, printer.DefaultWidth)
			if lines := strings.Count(got, "\n"); lines > 40 {
				t.Errorf("%d lines", lines)
			}
			wide := string(show(t, "wide", printer.Options{Width: 400}, document))
			named := strings.FieldsFunc(wide, func(r rune) bool { return strings.ContainsRune(" :,\n", r) })
			for _, at := range places() {
				if !slices.Contains(named, at.name) {
					t.Errorf("the wide form leaves out %s", at.name)
				}
			}
			if regexp.MustCompile(`and \d+ more`).MatchString(wide) {
				t.Error("the wide form is shortened")
			}
		})
	}
}

// Regions are grouped only if they differ in nothing but their own names.
func TestPlanGroups(t *testing.T) {
	plan := fleetPlan()
	plan.Regions[42].Steps[1].Reason = "upgrade to coder 1.21.7 from revision 4"
	plan.Regions[43].Steps[2].Action = v1alpha1.ActionBlocked
	plan.Regions[44].Preflight[0].Message = "the certificate names another host"
	text := string(show(t, "", printer.Options{Width: 400}, plan))
	for _, want := range []string{
		"178 regions: changes pending, all alike: sydney, london", "Region ohio-e: changes pending", "upgrade to coder 1.21.7 from revision 4",
		"Region tokyo-e: changes pending", "blocked", "access-url-dns     paris-e: the certificate names another host",
		"cluster-reachable  rome (also sydney-j): unknown", "-o wide shows each region in full", "Switching 180 providers affects 2160 workspaces, 900 of them on, of up to 1260 users.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	plan.Regions = plan.Regions[:3]
	if text := string(show(t, "", printer.Options{}, plan)); !strings.Contains(text, "Region london: changes pending\n  context    gke_acme_london") || strings.Contains(text, "all alike") {
		t.Errorf("three regions are not each shown in full:\n%s", text)
	}
}

// There is one suggested command for the whole fleet, and a list of what each region needs from
// the operator.
func TestReportGroups(t *testing.T) {
	report := fleetReport()
	text := strings.Join(strings.Fields(string(show(t, "", printer.Options{}, report))), " ")
	for _, want := range []string{"coder-rome-b.example.com A 10.0.0.17", "coder-rome-r.example.com A 10.0.0.177", "--region rome-b,rome-f", "error sydney-t (also london-t, ohio-t, tokyo-t, paris-t, lima-t, oslo-t, rome-t, bern-t, de-t): not started"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if n := strings.Count(text, " next "); n != 1 {
		t.Errorf("%d times next", n)
	}
	for i := range report.Regions[:20] { // too many to list each one
		report.Regions[i] = report.Regions[17]
		report.Regions[i].Name = fmt.Sprint("r", i)
	}
	for i := range report.Regions[:50] {
		report.Regions[i] = report.Regions[17]
		report.Regions[i].Name = fmt.Sprint("r", i)
		report.Regions[i].Next = fmt.Sprintf("kubectl coder-satellite migrate -f fleet.yaml --region r%d", i)
	}
	const all = "migrate -f fleet.yaml --region r0,r1,r2,"
	short, long := string(show(t, "", printer.Options{}, report)), string(show(t, "wide", printer.Options{}, report))
	if !strings.Contains(short, all) || !strings.Contains(long, "--region r0") {
		t.Errorf("no command for many regions:\n%s\nand in the wide form:\n%s", short, long)
	}
	report.Regions[1].Next = "kubectl coder-satellite rollback --context london"
	text = strings.Join(strings.Fields(string(show(t, "", printer.Options{}, report))), " ")
	if strings.Contains(text, "coder-rome-r.example.com") || !strings.Contains(text, "next kubectl coder-satellite rollback --context london") {
		t.Errorf("got:\n%s", text)
	}
}
