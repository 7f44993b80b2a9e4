package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// reported returns the report on the result's only region.
func reported(t *testing.T, result inlab.Result) v1alpha1.RegionReport {
	t.Helper()
	report := decoded[v1alpha1.MigrationReport](t, result)
	if len(report.Regions) != 1 {
		t.Fatalf("no report of one region: %s", result)
	}
	return report.Regions[0]
}

// wordsOf returns all texts in a region's report.
func wordsOf(report v1alpha1.RegionReport) string {
	words := slices.Concat([]string{report.Error}, report.Left)
	for _, step := range report.Steps {
		words = append(words, step.Name, string(step.State), step.Message, step.Error)
	}
	return strings.Join(words, "\n")
}

// expected returns the state that a report must have for these facts.
func (f facts) expected() inlab.State {
	word := map[bool]v1alpha1.Finding{true: v1alpha1.FindingYes, false: v1alpha1.FindingNo}
	return inlab.State{
		NetworkingV2: map[bool]v1alpha1.NetworkingV2{true: v1alpha1.NetworkingV2On, false: v1alpha1.NetworkingV2Off}[f.On],
		Registered:   word[f.Registered && f.Key != ""], SatelliteRelease: f.Release, SatelliteAnswers: word[f.Answers],
		LegacyRetained: word[f.retained()],
	}
}

// saysTheFacts fails the test unless the report is right about every fact.
func saysTheFacts(t *testing.T, report v1alpha1.RegionReport, now facts) {
	t.Helper()
	switch {
	case inlab.StateOf(report) == nil:
		t.Errorf("the report does not give the state of the region")
	case *inlab.StateOf(report) != now.expected():
		t.Errorf("the report says that the region is %+v, and it is %+v", *inlab.StateOf(report), now.expected())
	}
}

// saysNothingUntrue fails the test if the report is wrong about a fact. It may say that the fact
// is unknown.
func saysNothingUntrue(t *testing.T, report v1alpha1.RegionReport, now facts) {
	t.Helper()
	if inlab.StateOf(report) == nil {
		t.Errorf("the report does not give the state of the region")
		return
	}
	is, unknown := now.expected(), string(v1alpha1.FindingUnknown)
	for _, fact := range [][3]string{
		{"networkingV2", string(inlab.StateOf(report).NetworkingV2), string(is.NetworkingV2)},
		{"registered", string(inlab.StateOf(report).Registered), string(is.Registered)},
		{"satelliteRelease", inlab.StateOf(report).SatelliteRelease, is.SatelliteRelease},
		{"satelliteAnswers", string(inlab.StateOf(report).SatelliteAnswers), string(is.SatelliteAnswers)},
		{"legacyRetained", string(inlab.StateOf(report).LegacyRetained), string(is.LegacyRetained)},
	} {
		if fact[1] != fact[2] && fact[1] != unknown {
			t.Errorf("the report says %s %q, and it is %q", fact[0], fact[1], fact[2])
		}
	}
}

// leadsOn runs the command that the report suggests, then the one that the next report suggests,
// and fails the test unless the region becomes healthy.
func leadsOn(t *testing.T, region string, report v1alpha1.RegionReport) {
	t.Helper()
	next, wanted := report.Next, true
	for range 3 {
		verb, _, _ := strings.Cut(strings.TrimPrefix(next, "kubectl coder-satellite "), " ")
		if !slices.Contains([]string{"migrate", "rollback", "retain"}, verb) {
			break
		}
		result := lab.Run(t.Context(), nil, "bash", "-c", next+" --yes -o json")
		if result.Code != 0 {
			t.Errorf("the suggested command, %q: %s", next, result)
			return
		}
		next = reported(t, result).Next
		wanted = wanted && verb != "rollback"
	}
	healthy(t, region, wanted)
}

// healthy fails the test unless the region is complete, and either migrated or on the legacy
// path, as wanted.
func healthy(t *testing.T, region string, migrated bool) {
	t.Helper()
	nothingPending(t, region)
	lockFree(t, region)
	networking(t, region, migrated)
	envproxyServes(t, region)
	if migrated {
		plugin(t, 0, on(region, "status")...)
	}
}
