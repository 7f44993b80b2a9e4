package migration

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestDifferences(t *testing.T) {
	planned := v1alpha1.SatelliteBasis{ClusterUID: "a", SatelliteRevision: 1, ChartDigest: "sha256:1"}
	now := v1alpha1.SatelliteBasis{ClusterUID: "b", SatelliteRevision: 2, Registration: "SHA256:x"}
	want := []string{
		"clusterUID was a when planned and is b now",
		"satelliteRevision was 1 when planned and is 2 now",
		"chartDigest was sha256:1 when planned and is (none) now",
		"registration was (none) when planned and is SHA256:x now",
	}
	none := []string{"satelliteRevision was 0 when planned and is 1 now"} // a revision of 0 is printed as 0, not as (none)
	if diff := cmp.Diff(none, Differences(v1alpha1.SatelliteBasis{}, v1alpha1.SatelliteBasis{SatelliteRevision: 1})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, Differences(planned, now)); diff != "" {
		t.Error(diff)
	}
}

// A change of any one fact is named, and changes the fingerprint.
func TestEveryFactCounts(t *testing.T) {
	everyFactCounts(t, func(basis v1alpha1.SatelliteBasis) v1alpha1.RegionPlan {
		return v1alpha1.RegionPlan{Satellite: &v1alpha1.SatellitePlan{Basis: basis}}
	})
	everyFactCounts(t, func(basis v1alpha1.ProviderBasis) v1alpha1.RegionPlan {
		return v1alpha1.RegionPlan{Providers: []v1alpha1.ProviderPlan{{}, {Basis: basis}}}
	})
}

func everyFactCounts[Basis v1alpha1.SatelliteBasis | v1alpha1.ProviderBasis](t *testing.T, plan func(Basis) v1alpha1.RegionPlan) {
	t.Helper()
	var planned Basis
	for i := range reflect.TypeFor[Basis]().NumField() {
		now := planned
		field := reflect.ValueOf(&now).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("other")
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Int:
			field.SetInt(7)
		default:
			t.Fatalf("a field of kind %s", field.Kind())
		}
		name, _, _ := strings.Cut(reflect.TypeFor[Basis]().Field(i).Tag.Get("json"), ",")
		got := Differences(planned, now)
		if len(got) != 1 || !strings.HasPrefix(got[0], name+" was ") {
			t.Errorf("%s: %v", name, got)
		}
		if fingerprint(plan(planned)) == fingerprint(plan(now)) {
			t.Errorf("%s does not count in the fingerprint", name)
		}
	}
}

// The basis of a plan contains every known fact, and no value for an unknown one.
func TestBasis(t *testing.T) {
	s := migrated(t)
	unknown := &snapshot.Snapshot{Region: s.Region}
	for name, test := range map[string]struct {
		got, want any
	}{
		"the satellite": {satelliteBasis(s), v1alpha1.SatelliteBasis{
			ClusterUID: "uid", SatelliteRevision: 1, ChartName: "coder", ChartVersion: "1.21.7", ChartDigest: "sha256:chart",
			ValuesDigest: digest(s.Spec.Value().Values), Registration: ownFingerprint,
		}},
		"an unknown satellite": {satelliteBasis(unknown), v1alpha1.SatelliteBasis{}},
		"a provider": {providerBasis(s), v1alpha1.ProviderBasis{
			ClusterUID: "uid", NetworkingV2: v1alpha1.NetworkingV2On, Canary: "w", LegacyRelease: "coder/coder-workspace-provider.1", LegacyRetained: true,
		}},
		"an unknown provider": {providerBasis(unknown), v1alpha1.ProviderBasis{NetworkingV2: v1alpha1.NetworkingV2Unknown}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Values that JSON cannot encode still get different digests.
func TestDigestOfWhatHasNoJSON(t *testing.T) {
	if digest(math.Inf(1)) == digest(math.Inf(-1)) {
		t.Error("different values have the same digest")
	}
}

// The region's settings for the access URL and the chart belong to the facts.
func TestBasisOfRegion(t *testing.T) {
	s := fresh(t)
	s.Region.Satellite.ConnectTo = "203.0.113.7:443"
	for want, chart := range map[string]v1alpha1.Chart{
		"https://helm.coder.com":       {Repo: "https://helm.coder.com", Name: "coder"},
		"oci://registry.example/coder": {Name: "oci://registry.example/coder"},
		"":                             {Name: "./charts/coder"},
	} {
		s.Region.Satellite.Chart = chart
		if got := satelliteBasis(s); got.ChartRepo != want || got.ConnectTo != s.Region.Satellite.ConnectTo {
			t.Errorf("%+v: chartRepo %q, connectTo %q", chart, got.ChartRepo, got.ConnectTo)
		}
	}
}

// What a controller installs meanwhile changes no plan; that it no longer owns the release does.
func TestBasisOfAnOwnedSatellite(t *testing.T) {
	basis := func(revision int, tool gitops.Tool) v1alpha1.SatelliteBasis {
		return satelliteBasis(&snapshot.Snapshot{Satellite: snapshot.Known(satellite.State{
			Revision: revision, Control: gitops.Control{Owner: gitops.Owner{Tool: tool, Name: "edge"}},
		})})
	}
	if differences := Differences(basis(0, gitops.Flux), basis(3, gitops.Flux)); len(differences) > 0 {
		t.Errorf("Flux has installed: %v", differences)
	}
	want := []string{"satelliteRevision was 0 when planned and is 3 now", "satelliteOwner was flux when planned and is (none) now"}
	if diff := cmp.Diff(want, Differences(basis(3, gitops.Flux), basis(3, ""))); diff != "" {
		t.Errorf("Flux no longer owns it: %s", diff)
	}
	step := func(action v1alpha1.StepAction) []v1alpha1.StepPlan {
		return []v1alpha1.StepPlan{{Name: stepInstall, Action: action}}
	}
	if differences := stepDifferences(step(v1alpha1.ActionCheck), step(v1alpha1.ActionNone)); len(differences) > 0 {
		t.Errorf("what was waited for has come: %v", differences)
	}
	if len(stepDifferences(step(v1alpha1.ActionCheck), step(v1alpha1.ActionChange))) == 0 {
		t.Error("what was waited for would be installed now")
	}
}
