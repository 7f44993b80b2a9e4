package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// unknown is what a report says of what it could not determine.
const unknown = "Unknown"

// regionState is what a report says that a region is, after all was done.
type regionState struct {
	NetworkingV2     string `json:"networkingV2"`
	Registered       string `json:"registered"`
	SatelliteRelease string `json:"satelliteRelease"`
	SatelliteAnswers string `json:"satelliteAnswers"`
	LegacyRetained   string `json:"legacyRetained"`
}

// regionReport is the report of one region.
type regionReport struct {
	v1alpha1.RegionReport
	After *regionState `json:"after"`
}

// reported is what the only region's report in a result says.
func reported(t *testing.T, result inlab.Result) regionReport {
	t.Helper()
	var document struct {
		Regions []regionReport `json:"regions"`
	}
	if err := json.Unmarshal([]byte(result.Stdout), &document); err != nil || len(document.Regions) != 1 {
		t.Fatalf("no report of one region: %v: %s", err, result)
	}
	return document.Regions[0]
}

// text is all that a report says in words.
func (r regionReport) text() string {
	words := slices.Concat([]string{r.Error, r.Next}, r.Left)
	for _, step := range r.Steps {
		words = append(words, step.Name, string(step.State), step.Message, step.Error)
	}
	return strings.Join(words, "\n")
}

// expected is what a report has to say of these facts.
func (f facts) expected() regionState {
	word := map[bool]string{true: "Yes", false: "No"}
	return regionState{
		NetworkingV2: map[bool]string{true: "On", false: "Off"}[f.On], Registered: word[f.Registered],
		SatelliteRelease: f.Release, SatelliteAnswers: word[f.Answers], LegacyRetained: word[f.retained()],
	}
}

// saysTheFacts fails the test unless the report says of every fact what it is.
func (r regionReport) saysTheFacts(t *testing.T, now facts) {
	t.Helper()
	switch {
	case r.After == nil:
		t.Errorf("the report does not say what the region is now")
	case *r.After != now.expected():
		t.Errorf("the report says that the region is %+v, and it is %+v", *r.After, now.expected())
	}
}

// saysNothingUntrue fails the test if the report says of a fact what it is not;
// it may say that it does not know.
func (r regionReport) saysNothingUntrue(t *testing.T, now facts) {
	t.Helper()
	if r.After == nil {
		t.Errorf("the report does not say what the region is now")
		return
	}
	is := now.expected()
	for _, pair := range [][3]string{
		{"networkingV2", r.After.NetworkingV2, is.NetworkingV2},
		{"registered", r.After.Registered, is.Registered},
		{"satelliteRelease", r.After.SatelliteRelease, is.SatelliteRelease},
		{"satelliteAnswers", r.After.SatelliteAnswers, is.SatelliteAnswers},
		{"legacyRetained", r.After.LegacyRetained, is.LegacyRetained},
	} {
		if pair[1] != pair[2] && pair[1] != unknown {
			t.Errorf("the report says %s %q, and it is %q", pair[0], pair[1], pair[2])
		}
	}
}

// leadsOn types the command that the report names, and the one that the next
// report names, and fails the test unless that makes the region healthy.
func (r regionReport) leadsOn(t *testing.T, region string) {
	t.Helper()
	next, wanted := r.Next, true
	for range 3 {
		verb, _, _ := strings.Cut(strings.TrimPrefix(next, "kubectl coder-satellite "), " ")
		if !slices.Contains([]string{"migrate", "rollback", "retain"}, verb) {
			break
		}
		result := lab.Run(t.Context(), nil, "bash", "-c", next+" --yes -o json")
		if result.Code != 0 {
			t.Errorf("the command under next, %q: %s", next, result)
			return
		}
		next = reported(t, result).Next
		wanted = wanted && verb != "rollback"
	}
	healthy(t, region, wanted)
}

// healthy fails the test unless nothing is missing in the region, and it is
// migrated, or on the legacy path, as wanted.
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
