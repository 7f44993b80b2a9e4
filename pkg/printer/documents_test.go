package printer_test

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func at(seconds int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC).Add(time.Duration(seconds) * time.Second))
}

func primary() v1alpha1.Primary {
	return v1alpha1.Primary{URL: "https://coder.example.com", Version: "1.21.7", Operator: "operator@example.com"}
}

const long = "a-name-that-goes-on-and-on-for-sixty-three-letters-as-names-may-do"

// documents has one document of each kind, and more where a kind has several layouts.
func documents() map[string]runtime.Object {
	return map[string]runtime.Object{
		"plan":              plan(),
		"plan-empty":        &v1alpha1.Plan{Primary: v1alpha1.Primary{URL: "https://coder.example.com"}, Outcome: v1alpha1.OutcomeNothingToDo},
		"report":            report(),
		"status":            status(),
		"status-well":       statusWell(),
		"verify":            verified(),
		"workspaces":        listed(),
		"rebuild":           rebuilt(),
		"history":           pastRuns(),
		"checks":            checks(),
		"check":             &v1alpha1.CheckList{Items: checks().Items[:1]},
		"version":           &v1alpha1.VersionInfo{Version: "v0.1.0", Commit: "0123abc", GoVersion: "go1.26.0", Platform: "linux/amd64"},
		"version-primary":   &v1alpha1.VersionInfo{Version: "(devel)", GoVersion: "go1.26.0", Platform: "linux/amd64", Primary: &v1alpha1.Primary{URL: "https://coder.example.com"}},
		"fleet":             &v1alpha1.Fleet{Regions: []v1alpha1.Region{{Name: "sydney", Context: "syd", AccessURL: "https://coder-sydney.example.com"}}},
		"plan-hostile":      hostilePlan(),
		"report-hostile":    hostileReport(),
		"status-hostile":    hostileStatus(),
		"verify-hostile":    hostileVerified(),
		"rebuild-hostile":   hostileListed(),
		"history-hostile":   hostilePast(),
		"checklist-hostile": &v1alpha1.CheckList{Items: []v1alpha1.CheckInfo{{ID: hostile, Category: hostile, Question: hostile, Explanation: hostile}, {ID: hostile}}},
	}
}

func plan() *v1alpha1.Plan {
	satellite := func(context, namespace, url string) *v1alpha1.SatellitePlan {
		return &v1alpha1.SatellitePlan{Context: context, Namespace: namespace, Release: "coder-satellite", AccessURL: url}
	}
	of := func(name, context string) v1alpha1.ProviderPlan {
		return v1alpha1.ProviderPlan{
			Provider: v1alpha1.Provider{ID: "p-1", Name: name}, Context: context, Outcome: v1alpha1.OutcomeNothingToDo,
			Basis: v1alpha1.ProviderBasis{NetworkingV2: v1alpha1.NetworkingV2Off},
		}
	}
	return &v1alpha1.Plan{
		Primary: primary(), Outcome: v1alpha1.OutcomePreflightFailed, Waves: []v1alpha1.PlanWave{
			{Name: "1", Regions: []string{"sydney"}},
			{Name: "others", Regions: []string{"london", long, "日本"}},
		},
		Regions: []v1alpha1.RegionPlan{
			{
				Name: "sydney", Satellite: satellite("gke_acme_australia-southeast1", "coder-satellite", "https://coder-sydney.example.com"),
				Providers: []v1alpha1.ProviderPlan{of("sydney", "gke_acme_australia-southeast1")},
				Outcome:   v1alpha1.OutcomeChangesPending, Fingerprint: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
				Steps: []v1alpha1.StepPlan{
					{Name: "retain-legacy", Action: v1alpha1.ActionNone, Reason: "the release coder/coder-workspace-provider is retained"},
					{Name: "install-satellite", Action: v1alpha1.ActionChange, Reason: "install coder 1.21.7 as coder-satellite/coder-satellite",
						Details: []string{"Deployment coderd", "Service coderd", "a detail that is much longer than the others, because somebody named a Secret with all the letters that a name may have: " + long},
						Diff:    "--- deployed\n+++ planned\n@@ -1,2 +1,3 @@\n kind: Deployment\n-  replicas: 1\n+  replicas: 2\n"},
					{Name: "expose-satellite", Action: v1alpha1.ActionCheck, Reason: "wait until https://coder-sydney.example.com answers with the satellite's own key, which takes a DNS record for the load balancer"},
					{Name: "enable-networking-v2", Action: v1alpha1.ActionBlocked, Reason: "the provider could not be read"},
				},
				Preflight: []v1alpha1.CheckResult{
					answer("access-url-dns", v1alpha1.CheckWarn, "coder-sydney.example.com has no address yet", "create the DNS record once the load balancer has an address"),
					answer("primary-version", v1alpha1.CheckPass, "1.21.7", ""),
				},
			},
			{
				Name: "london", Satellite: satellite("london", "coder-satellite", "https://coder-london.example.com"),
				Providers: []v1alpha1.ProviderPlan{of("", "london")}, Outcome: v1alpha1.OutcomePreflightFailed,
				Preflight: []v1alpha1.CheckResult{
					answer("cluster-rights", v1alpha1.CheckFail, "these rights are missing: create deployments.apps in namespace coder-satellite, "+
						"create secrets in namespace coder-satellite, patch services in namespace coder-satellite", "ask for a role with these rights"),
					answer("legacy-found", v1alpha1.CheckUnknown, "the cluster did not answer in 10s", "kubectl --context london get --raw /readyz"),
				},
			},
			{
				Name: long, Satellite: satellite(long+"-"+long, long, "https://"+strings.Repeat("x", 120)+".example.com"),
				Providers: []v1alpha1.ProviderPlan{of(long, long+"-"+long)}, Outcome: v1alpha1.OutcomeNothingToDo,
				Steps: []v1alpha1.StepPlan{{Name: long, Action: v1alpha1.ActionNone, Reason: strings.Repeat("word ", 40)}, {Name: "x", Action: v1alpha1.ActionNone, Reason: strings.Repeat("x", 150)}},
			},
			{Name: "日本", Satellite: satellite("東京", "", ""), Providers: []v1alpha1.ProviderPlan{of("プロバイダー", "東京")}, Outcome: v1alpha1.OutcomeFailed,
				Steps: []v1alpha1.StepPlan{{Name: "検査", Action: v1alpha1.ActionBlocked, Reason: strings.Repeat("東京", 60)}, {Name: "e\u0301te\u0301", Action: v1alpha1.ActionCheck, Reason: "combining accents"}}},
			severalPlanned(),
			{
				Name: "headquarters", Providers: []v1alpha1.ProviderPlan{of("built-in", "main")}, Outcome: v1alpha1.OutcomeNothingToDo,
				Steps: []v1alpha1.StepPlan{{Name: "enable-networking-v2", Provider: "built-in", Action: v1alpha1.ActionNone, Reason: "it is on"}},
			},
		},
	}
}

// severalPlanned is a region of two providers, one of which is skipped.
func severalPlanned() v1alpha1.RegionPlan {
	off := v1alpha1.ProviderBasis{NetworkingV2: v1alpha1.NetworkingV2Off}
	return v1alpha1.RegionPlan{
		Name: "paris", Outcome: v1alpha1.OutcomeChangesPending,
		Satellite: &v1alpha1.SatellitePlan{Context: "paris-edge", Namespace: "edge", Release: "sat", AccessURL: "https://coder-paris.example.com"},
		Providers: []v1alpha1.ProviderPlan{
			{Provider: v1alpha1.Provider{Name: "paris-a"}, Context: "paris-edge", Outcome: v1alpha1.OutcomeChangesPending, Basis: off},
			{Provider: v1alpha1.Provider{Name: "paris-b"}, Context: "paris-two", Outcome: v1alpha1.OutcomePreflightFailed, Basis: off},
		},
		Steps: []v1alpha1.StepPlan{
			{Name: "install-satellite", Action: v1alpha1.ActionChange, Reason: "install it"},
			{Name: "retain-legacy", Provider: "paris-a", Action: v1alpha1.ActionChange, Reason: "retain it"},
			{Name: "retain-legacy", Provider: "paris-b", Action: v1alpha1.ActionBlocked, Reason: "the cluster does not answer"},
		},
		Preflight: []v1alpha1.CheckResult{
			of("paris-b", answer("provider-cluster", v1alpha1.CheckUnknown, "unknown: the cluster does not answer", "look at it")),
			of("paris-a", answer("provider-ready", v1alpha1.CheckWarn, "the primary reports it as pending", "wait")),
			of("paris-b", answer("provider-ready", v1alpha1.CheckWarn, "the primary reports it as pending", "wait")),
		},
	}
}

// felt are measurements of a region whose envproxy was down for a while.
func felt() *v1alpha1.Measurements {
	took := func(median int64) *v1alpha1.Latency {
		return &v1alpha1.Latency{Answers: 9, MedianMicroseconds: median, P95Microseconds: 2 * median}
	}
	return &v1alpha1.Measurements{From: "laptop", Paths: []v1alpha1.PathMeasurement{
		{Path: "primary", URL: "https://coder.example.com", Probes: 61, Before: took(152_000), During: took(151_000), After: took(150_000)},
		{Path: "satellite", URL: "https://coder-sydney.example.com", Probes: 40, During: took(21_000), After: took(20_000)},
		{Path: "legacy", Provider: "sydney", URL: "https://envproxy-sydney.example.com", Probes: 61, Failures: 4, LongestGapMilliseconds: 4200, Before: took(22_000), After: took(23_000)},
	}}
}

func report() *v1alpha1.MigrationReport {
	return &v1alpha1.MigrationReport{
		Operation: "migrate", Primary: primary(), Outcome: v1alpha1.OutcomePartlyFailed, ExitCode: 3, Started: at(0), Finished: at(192),
		Regions: []v1alpha1.RegionReport{
			{Name: "sydney", Satellite: &v1alpha1.SatelliteReport{Context: "gke_acme_australia-southeast1"}, Outcome: v1alpha1.OutcomeSucceeded,
				Providers: []v1alpha1.ProviderReport{{Provider: v1alpha1.Provider{Name: "sydney"}, Context: "gke_acme_australia-southeast1", Outcome: v1alpha1.OutcomeSucceeded, After: &v1alpha1.ProviderState{
					NetworkingV2: v1alpha1.NetworkingV2On, PathAnswers: v1alpha1.FindingYes, LegacyRetained: v1alpha1.FindingYes,
					Distance: &v1alpha1.Distance{From: "laptop", PrimaryMicroseconds: 152_000, SatelliteMicroseconds: 20_000},
				}}},
				Measured: felt(),
				Steps: []v1alpha1.StepResult{
					{Name: "retain-legacy", State: v1alpha1.StepAlready, Message: "retained", Started: at(0), Finished: at(1)},
					{Name: "verify-connectivity", State: v1alpha1.StepDone, Message: "the workspace canary-sydney is reached through the satellite", Started: at(1), Finished: at(62)},
				}},
			{Name: "london", Satellite: &v1alpha1.SatelliteReport{Context: "london"}, Outcome: v1alpha1.OutcomeFailed, Resumed: "an earlier migrate by operator@example.com stopped without recording a result at step install-satellite",
				Steps: []v1alpha1.StepResult{
					{Name: "install-satellite", State: v1alpha1.StepDone, Message: "installed", Started: at(62), Finished: at(90)},
					{Name: "rebuild-canary", State: v1alpha1.StepFailed, Error: "the build of canary-london failed: image not found; see the build log for the reason, mend the image and run migrate again", Started: at(90), Finished: at(120)},
					{Name: "enable-networking-v2", State: v1alpha1.StepUndone, Message: "Networking v2 is off again", Started: at(120), Finished: at(121)},
					{Name: "register-satellite", State: v1alpha1.StepUndoFailed, Error: "the primary answered 502", Started: at(121), Finished: at(151)},
				},
				Error: "the build of canary-london failed", Left: []string{"the registration london at the primary", "the release coder-satellite in namespace coder-satellite"},
				Evidence: "/home/operator/.local/state/kubectl-coder-satellite/evidence/2026-03-04T05-06-07Z-0123456789abcdef/london",
				Next:     "kubectl coder-satellite migrate --filename fleet.yaml --region london --timeout 30m --values some-file.yaml"},
			{Name: "ohio", Outcome: v1alpha1.OutcomePreflightFailed, Error: "preflight failed, nothing was changed", Next: "kubectl coder-satellite explain satellite-values",
				Preflight: []v1alpha1.CheckResult{answer("satellite-values", v1alpha1.CheckFail, "the Secret tls is missing", "create it")}},
			{Name: "tokyo", Outcome: v1alpha1.OutcomeLockHeld, Error: "operator@example.com on laptop holds the lock since 05:06:07"},
			{Name: "paris", Outcome: v1alpha1.OutcomeInterrupted, Error: "interrupted", Steps: []v1alpha1.StepResult{{Name: "expose-satellite", State: v1alpha1.StepInterrupted, Error: "interrupted", Started: at(10)}}},
			{Name: "lima", Outcome: v1alpha1.OutcomeNothingToDo},
			{Name: "oslo", Outcome: v1alpha1.OutcomeNotStarted, Error: "not started, because the run was interrupted"},
			{Name: "rome", Outcome: v1alpha1.OutcomeFailed, Error: "x", Steps: []v1alpha1.StepResult{{Name: "a", State: v1alpha1.StepFailed}, {Name: "b", State: v1alpha1.StepUndone, Message: "gone"}}},
			severalReported(),
		},
	}
}

// severalReported is a region in which one provider is migrated and one is not.
func severalReported() v1alpha1.RegionReport {
	after := func(networking v1alpha1.NetworkingV2) *v1alpha1.ProviderState {
		return &v1alpha1.ProviderState{NetworkingV2: networking, PathAnswers: v1alpha1.FindingYes, LegacyRetained: v1alpha1.FindingYes, Adoption: &v1alpha1.Adoption{Total: 3, Adopted: 3}, Distance: &v1alpha1.Distance{From: "laptop", PrimaryMicroseconds: 20_000, SatelliteMicroseconds: 21_000}}
	}
	return v1alpha1.RegionReport{
		Name: "bern", Outcome: v1alpha1.OutcomePartlyFailed, Satellite: &v1alpha1.SatelliteReport{Context: "bern-edge"},
		Error: "provider bern-b: rebuild-canary: the build failed", Next: "kubectl coder-satellite migrate --region bern",
		Providers: []v1alpha1.ProviderReport{
			{Provider: v1alpha1.Provider{Name: "bern-a"}, Context: "bern-a", Outcome: v1alpha1.OutcomeSucceeded, After: after(v1alpha1.NetworkingV2On)},
			{Provider: v1alpha1.Provider{Name: "bern-b"}, Context: "bern-b", Outcome: v1alpha1.OutcomeFailed, Error: "rebuild-canary: the build failed", After: after(v1alpha1.NetworkingV2Off)},
			{Provider: v1alpha1.Provider{Name: "bern-c"}, Context: "bern-b", Outcome: v1alpha1.OutcomeNotStarted, Error: "not started", After: after(v1alpha1.NetworkingV2Off)},
		},
		Steps: []v1alpha1.StepResult{
			{Name: "install-satellite", State: v1alpha1.StepAlready, Message: "it is there", Started: at(0), Finished: at(1)},
			{Name: "enable-networking-v2", Provider: "bern-a", State: v1alpha1.StepDone, Message: "on", Started: at(1), Finished: at(2)},
			{Name: "rebuild-canary", Provider: "bern-b", State: v1alpha1.StepFailed, Error: "the build failed", Started: at(2), Finished: at(9)},
			{Name: "enable-networking-v2", Provider: "bern-b", State: v1alpha1.StepUndone, Message: "off again", Started: at(9), Finished: at(9)},
		},
	}
}

func status() *v1alpha1.StatusReport {
	since := at(30)
	one := func(name, context string, networking v1alpha1.NetworkingV2, run *v1alpha1.Run) []v1alpha1.ProviderStatus {
		return []v1alpha1.ProviderStatus{{Provider: v1alpha1.Provider{Name: name}, Context: context, Phase: v1alpha1.PhasePartial, NetworkingV2: networking, Run: run}}
	}
	return &v1alpha1.StatusReport{
		Primary: primary(), Outcome: v1alpha1.OutcomeFailed, Taken: at(0),
		Regions: []v1alpha1.RegionStatus{
			{Name: "sydney", Phase: v1alpha1.PhaseMigrated, Outcome: v1alpha1.OutcomeSucceeded,
				Satellite: &v1alpha1.SatelliteStatus{Context: "gke_acme_australia-southeast1", AccessURL: "https://coder-sydney.example.com", Version: "1.21.7"},
				Providers: one("sydney", "gke_acme_australia-southeast1", v1alpha1.NetworkingV2On, &v1alpha1.Run{Operation: "migrate", Operator: "operator@example.com", Outcome: v1alpha1.OutcomeSucceeded}),
				Checks:    []v1alpha1.CheckResult{answer("satellite-ready", v1alpha1.CheckPass, "ready", ""), answer("run-complete", v1alpha1.CheckSkipped, "no journal", "")}},
			{Name: "london", Phase: v1alpha1.PhasePartial, Outcome: v1alpha1.OutcomeFailed, Satellite: &v1alpha1.SatelliteStatus{},
				Providers: one("", "", v1alpha1.NetworkingV2Off, &v1alpha1.Run{Operation: "migrate", Operator: "operator@example.com", Step: "rebuild-canary", Updated: at(0), Outcome: v1alpha1.OutcomeInterrupted}),
				Checks: []v1alpha1.CheckResult{
					answer("satellite-ready", v1alpha1.CheckFail, "pod coderd-0: ImagePullBackOff: Back-off pulling image; "+
						"last event: Failed to pull image, 3 times in the last 10 minutes", "kubectl coder-satellite migrate --region london"),
					answer("endpoint-tls", v1alpha1.CheckUnknown, "no address", "create the DNS record"),
					answer("satellite-version", v1alpha1.CheckWarn, "1.21.6, the primary is 1.21.7", ""),
					answer("cluster-reachable", v1alpha1.CheckPass, "reachable", "")}},
			{Name: "ohio", Phase: v1alpha1.PhaseUnknown, Outcome: v1alpha1.OutcomeSucceeded, Satellite: &v1alpha1.SatelliteStatus{},
				Providers: one("", "", v1alpha1.NetworkingV2Unknown, &v1alpha1.Run{Operation: "migrate", Operator: "operator@example.com", Step: "expose-satellite", Holder: "operator@example.com on laptop", HeldSince: &since}),
				Checks:    []v1alpha1.CheckResult{answer("run-complete", v1alpha1.CheckWarn, "the lock is held", "")}},
			{Name: "oslo", Phase: v1alpha1.PhaseLegacy, Outcome: v1alpha1.OutcomeSucceeded, Satellite: &v1alpha1.SatelliteStatus{},
				Providers: one("", "", v1alpha1.NetworkingV2Off, &v1alpha1.Run{Operation: "retain", Operator: "operator@example.com", Updated: at(0)})},
			{Name: "bern", Phase: v1alpha1.PhasePartial, Outcome: v1alpha1.OutcomeFailed, Satellite: &v1alpha1.SatelliteStatus{Context: "bern-edge", Version: "1.21.7"},
				Providers: []v1alpha1.ProviderStatus{
					{
						Provider: v1alpha1.Provider{Name: "bern-a"}, Context: "bern-a", Phase: v1alpha1.PhaseMigrated, NetworkingV2: v1alpha1.NetworkingV2On,
						Adoption: &v1alpha1.Adoption{Total: 22, Adopted: 12, WaitingOff: 10},
					},
					{Provider: v1alpha1.Provider{Name: "bern-b"}, Context: "bern-b", Phase: v1alpha1.PhasePartial, NetworkingV2: v1alpha1.NetworkingV2Off},
				},
				Checks: []v1alpha1.CheckResult{
					answer("satellite-ready", v1alpha1.CheckPass, "ready", ""), of("bern-a", answer("networking-v2", v1alpha1.CheckPass, "on", "")),
					of("bern-b", answer("networking-v2", v1alpha1.CheckFail, "it is off", "kubectl coder-satellite migrate --region bern --provider bern-b")),
				}},
			{Name: "headquarters", Phase: v1alpha1.PhaseMigrated, Outcome: v1alpha1.OutcomeSucceeded, Providers: one("built-in", "main", v1alpha1.NetworkingV2On, nil)},
		},
	}
}

// of returns the result as one about a provider.
func of(provider string, result v1alpha1.CheckResult) v1alpha1.CheckResult {
	result.Provider = provider
	return result
}

// answer is a check's result. A warning has a lower severity.
func answer(id string, state v1alpha1.CheckState, message, hint string) v1alpha1.CheckResult {
	severity := v1alpha1.SeverityError
	if state == v1alpha1.CheckWarn {
		severity = v1alpha1.SeverityWarning
	}
	return v1alpha1.CheckResult{ID: id, Category: "satellite", Severity: severity, State: state, Message: message, Hint: hint}
}

func statusWell() *v1alpha1.StatusReport {
	well := status()
	well.Regions, well.Outcome = well.Regions[:1], v1alpha1.OutcomeSucceeded
	return well
}

func checks() *v1alpha1.CheckList {
	return &v1alpha1.CheckList{Items: []v1alpha1.CheckInfo{
		{ID: "satellite-ready", Category: "satellite", Severity: v1alpha1.SeverityError, Preflight: true, Question: "Are the satellite's pods ready?",
			Explanation: "The message names the pod that is not ready, why, and its last event. Wrong values usually show here: a Secret that is missing, an image that cannot be pulled, a primary URL that the pod cannot reach.\nA second paragraph."},
		{ID: "satellite-version", Category: "satellite", Severity: v1alpha1.SeverityWarning, Question: "Does the satellite run the primary's version?", Explanation: "Run migrate again."},
	}}
}

// hostile text tries to take over the terminal and to break the layout.
const hostile = "evil\x1b[2J\x1b]0;title\x07\u009b31mred\r\nFAKE LINE\u202etxt\x00\xff\tend"

func hostilePlan() *v1alpha1.Plan {
	result := v1alpha1.CheckResult{ID: hostile, State: v1alpha1.CheckFail, Message: hostile, Hint: hostile}
	return &v1alpha1.Plan{
		Primary: v1alpha1.Primary{URL: hostile, Version: hostile, Operator: hostile}, Outcome: hostile, Waves: []v1alpha1.PlanWave{{Name: hostile, Regions: []string{hostile}}, {Regions: []string{hostile}}},
		Regions: []v1alpha1.RegionPlan{{
			Name: hostile, Outcome: hostile, Fingerprint: hostile,
			Satellite: &v1alpha1.SatellitePlan{Context: hostile, Namespace: hostile, Release: hostile, AccessURL: hostile},
			Providers: []v1alpha1.ProviderPlan{{Provider: v1alpha1.Provider{ID: hostile, Name: hostile}, Context: hostile, Outcome: hostile}, {}},
			Steps:     []v1alpha1.StepPlan{{Name: hostile, Action: hostile, Reason: hostile, Details: []string{hostile}, Diff: hostile}},
			Preflight: []v1alpha1.CheckResult{result, {ID: hostile, State: hostile, Hint: "kubectl " + hostile}},
		}},
	}
}

func hostileReport() *v1alpha1.MigrationReport {
	step := func(state v1alpha1.StepState) v1alpha1.StepResult {
		return v1alpha1.StepResult{Name: hostile, State: state, Message: hostile, Error: hostile}
	}
	return &v1alpha1.MigrationReport{
		Operation: hostile, Primary: v1alpha1.Primary{URL: hostile}, Outcome: hostile,
		Regions: []v1alpha1.RegionReport{{
			Name: hostile, Satellite: &v1alpha1.SatelliteReport{Context: hostile}, Outcome: hostile, Resumed: hostile,
			Providers: []v1alpha1.ProviderReport{{Provider: v1alpha1.Provider{Name: hostile}, Context: hostile, Outcome: hostile, Error: hostile, After: &v1alpha1.ProviderState{NetworkingV2: hostile}}, {}},
			Error:     hostile, Left: []string{hostile}, Next: hostile, Evidence: hostile,
			Steps: []v1alpha1.StepResult{step(hostile), step(v1alpha1.StepFailed), step(v1alpha1.StepUndone), step(v1alpha1.StepUndoFailed)},
		}},
	}
}

func hostileStatus() *v1alpha1.StatusReport {
	return &v1alpha1.StatusReport{
		Primary: v1alpha1.Primary{URL: hostile},
		Regions: []v1alpha1.RegionStatus{{
			Name: hostile, Phase: hostile, Outcome: hostile,
			Satellite: &v1alpha1.SatelliteStatus{Context: hostile, AccessURL: hostile, Version: hostile},
			Providers: []v1alpha1.ProviderStatus{
				{
					Provider: v1alpha1.Provider{Name: hostile}, Context: hostile, Phase: hostile, NetworkingV2: hostile,
					Run: &v1alpha1.Run{Operation: hostile, Operator: hostile, Step: hostile, Outcome: hostile, Holder: hostile},
				},
				{},
			},
			Checks: []v1alpha1.CheckResult{{ID: hostile, State: v1alpha1.CheckFail, Message: hostile, Hint: hostile}},
		}},
	}
}
