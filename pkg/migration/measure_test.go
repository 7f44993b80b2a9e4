package migration

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// The latency before the users moved is compared with the present one, if both were measured from
// the same machine.
func TestDistance(t *testing.T) {
	now := metav1.NewTime(time.Unix(1_800_000_000, 0))
	latency := func(microseconds int64) *v1alpha1.Latency {
		return &v1alpha1.Latency{Answers: 1, MedianMicroseconds: microseconds}
	}
	primary := v1alpha1.PathMeasurement{Path: pathPrimary, Before: latency(150_000), After: latency(900_000)}
	satellite := v1alpha1.PathMeasurement{Path: pathSatellite, Before: latency(1), After: latency(20_000)}
	silent := v1alpha1.PathMeasurement{Path: pathSatellite, Failures: 9}
	legacy := v1alpha1.PathMeasurement{Path: pathLegacy, Before: latency(3), After: latency(4)}
	known := func(from string, primary, satellite int64) *v1alpha1.Distance {
		return &v1alpha1.Distance{From: from, Measured: now, PrimaryMicroseconds: primary, SatelliteMicroseconds: satellite}
	}
	earlier := known("here", 120_000, 25_000)
	for name, test := range map[string]struct {
		before *v1alpha1.Distance
		paths  []v1alpha1.PathMeasurement
		on     bool // Networking v2 was already on at the start
		from   string
		want   *v1alpha1.Distance
	}{
		"first":                         {nil, []v1alpha1.PathMeasurement{primary, legacy, satellite}, false, "here", known("here", 150_000, 20_000)},
		"again":                         {earlier, []v1alpha1.PathMeasurement{primary, satellite}, true, "here", known("here", 120_000, 20_000)},
		"again, after a rollback":       {earlier, []v1alpha1.PathMeasurement{primary, satellite}, false, "here", known("here", 150_000, 20_000)},
		"again, from another machine":   {earlier, []v1alpha1.PathMeasurement{primary, satellite}, true, "there", known("there", 150_000, 20_000)},
		"without an answer":             {earlier, []v1alpha1.PathMeasurement{primary, silent}, true, "here", earlier},
		"without one before":            {earlier, []v1alpha1.PathMeasurement{satellite}, true, "there", earlier},
		"never with one before":         {nil, []v1alpha1.PathMeasurement{satellite}, true, "here", nil},
		"of a region without satellite": {nil, []v1alpha1.PathMeasurement{primary}, false, "here", nil},
	} {
		t.Run(name, func(t *testing.T) {
			initial := &snapshot.Snapshot{Provider: snapshot.Known(coder.Provider{ID: "p", EnableNetV2: ptr.To(test.on)})}
			version, err := coder.ParseVersion("1.21.7")
			if err != nil {
				t.Fatal(err)
			}
			initial.Primary.Version = snapshot.Known(version)
			if diff := cmp.Diff(test.want, distance(test.before, test.paths, initial, test.from, now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A provider fails if its users had no answer for too long, unless it has already failed for
// another reason.
func TestGate(t *testing.T) {
	failed := errors.New("it failed")
	gap := func(path, provider string, milliseconds int64) v1alpha1.PathMeasurement {
		return v1alpha1.PathMeasurement{Path: path, Provider: provider, URL: "https://" + path, LongestGapMilliseconds: milliseconds, Probes: 20, Failures: 9}
	}
	never := gap(pathLegacy, "a", 9000)
	never.Probes = never.Failures
	for name, test := range map[string]struct {
		paths []v1alpha1.PathMeasurement
		limit time.Duration
		want  [2]string // the errors of two providers; the second one had failed before
	}{
		"none":           {[]v1alpha1.PathMeasurement{gap(pathPrimary, "", 5000)}, 5 * time.Second, [2]string{"", "it failed"}},
		"no limit":       {[]v1alpha1.PathMeasurement{gap(pathPrimary, "", 5001)}, 0, [2]string{"", "it failed"}},
		"of all":         {[]v1alpha1.PathMeasurement{gap(pathPrimary, "", 5001)}, 5 * time.Second, [2]string{"nobody answered at https://primary (primary) for 5.001s, longer than --max-gap 5s", "it failed"}},
		"of one":         {[]v1alpha1.PathMeasurement{gap(pathLegacy, "a", 9000)}, time.Second, [2]string{"nobody answered at https://legacy (legacy) for 9s", "it failed"}},
		"never answered": {[]v1alpha1.PathMeasurement{never}, time.Second, [2]string{"", "it failed"}},
		"of another one": {[]v1alpha1.PathMeasurement{gap(pathLegacy, "b", 9000)}, time.Second, [2]string{"", "it failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			run := &regionRun{
				Runner:    &Runner{Options: Options{MaxGap: test.limit}},
				report:    &v1alpha1.RegionReport{Measured: &v1alpha1.Measurements{Paths: test.paths}},
				providers: []*part{{name: "a"}, {name: "b", err: failed}},
			}
			run.gate()
			for i, p := range run.providers {
				text := ""
				if p.err != nil {
					text = p.err.Error()
				}
				if (text == "") != (test.want[i] == "") || !strings.Contains(text, test.want[i]) {
					t.Errorf("provider %s: %q", p.name, text)
				}
			}
			if run.onlyGaps() {
				t.Error("the other failure is forgotten")
			}
			run.providers = run.providers[:1]
			if got, want := run.onlyGaps(), test.want[0] != ""; got != want {
				t.Errorf("only gaps: %t", got)
			}
		})
	}
}
