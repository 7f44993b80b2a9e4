package migration

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestDifferences(t *testing.T) {
	planned := v1alpha1.Basis{ClusterUID: "a", SatelliteRevision: 1, NetworkingV2: v1alpha1.NetworkingV2Off, ChartDigest: "sha256:1"}
	now := v1alpha1.Basis{ClusterUID: "b", SatelliteRevision: 2, NetworkingV2: v1alpha1.NetworkingV2On, Registration: "SHA256:x"}
	want := []string{
		"clusterUID was a when planned and is b now",
		"satelliteRevision was 1 when planned and is 2 now",
		"chartDigest was sha256:1 when planned and is (none) now",
		"networkingV2 was Off when planned and is On now",
		"registration was (none) when planned and is SHA256:x now",
	}
	if diff := cmp.Diff(want, Differences(planned, now)); diff != "" {
		t.Error(diff)
	}
}

// A change of any one fact is named, and changes the fingerprint.
func TestEveryFactCounts(t *testing.T) {
	planned := v1alpha1.Basis{}
	for i := range reflect.TypeFor[v1alpha1.Basis]().NumField() {
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
		name, _, _ := strings.Cut(reflect.TypeFor[v1alpha1.Basis]().Field(i).Tag.Get("json"), ",")
		got := Differences(planned, now)
		if len(got) != 1 || !strings.HasPrefix(got[0], name+" was ") {
			t.Errorf("%s: %v", name, got)
		}
		if fingerprint(planned) == fingerprint(now) {
			t.Errorf("%s does not count in the fingerprint", name)
		}
	}
}

// What the region says of the access URL and of the chart is part of the facts.
func TestBasisOfRegion(t *testing.T) {
	s := fresh(t)
	s.Region.ConnectTo = "203.0.113.7:443"
	for want, chart := range map[string]v1alpha1.Chart{
		"https://helm.coder.com":       {Repo: "https://helm.coder.com", Name: "coder"},
		"oci://registry.example/coder": {Name: "oci://registry.example/coder"},
		"":                             {Name: "./charts/coder"},
	} {
		s.Region.Chart = chart
		if got := basisOf(s); got.ChartRepo != want || got.ConnectTo != s.Region.ConnectTo {
			t.Errorf("%+v: chartRepo %q, connectTo %q", chart, got.ChartRepo, got.ConnectTo)
		}
	}
}
