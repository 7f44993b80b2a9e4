package migration

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

// Two plans are the same exactly if they differ in nothing.
func TestSamePlanProperties(t *testing.T) {
	basis := rapid.Custom(func(t *rapid.T) v1alpha1.Basis {
		return v1alpha1.Basis{
			ClusterUID:        rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cluster"),
			SatelliteRevision: rapid.IntRange(0, 1).Draw(t, "revision"),
			LegacyRetained:    rapid.Bool().Draw(t, "retained"),
			NetworkingV2:      rapid.SampledFrom([]v1alpha1.NetworkingV2{v1alpha1.NetworkingV2Off, v1alpha1.NetworkingV2On}).Draw(t, "networking"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		planned, now := basis.Draw(t, "planned"), basis.Draw(t, "now")
		err := SamePlan(planOf(planned), planOf(now))
		if (err == nil) != (planned == now) || (err == nil) != (len(Differences(planned, now)) == 0) {
			t.Fatalf("%+v and %+v: %v", planned, now, err)
		}
	})
}

func planOf(basis v1alpha1.Basis, more ...v1alpha1.RegionPlan) *v1alpha1.Plan {
	plan := &v1alpha1.Plan{Primary: v1alpha1.Primary{URL: "https://coder.example.com"}}
	plan.Regions = append([]v1alpha1.RegionPlan{{Name: "sydney", Basis: basis, Fingerprint: fingerprint(basis)}}, more...)
	return plan
}

func TestSamePlan(t *testing.T) {
	basis := v1alpha1.Basis{ClusterUID: "a"}
	elsewhere := planOf(basis)
	elsewhere.Primary.URL = "https://other.example.com"
	edited := planOf(basis)
	edited.Regions[0].Basis.ClusterUID = "b"
	london := v1alpha1.RegionPlan{Name: "london", Fingerprint: fingerprint(v1alpha1.Basis{})}
	for name, test := range map[string]struct {
		planned, now *v1alpha1.Plan
		want         string
	}{
		"the same":         {planOf(basis), planOf(basis), ""},
		"another primary":  {elsewhere, planOf(basis), "the plan is for the primary https://other.example.com, not https://coder.example.com"},
		"edited by hand":   {edited, planOf(basis), `region "sydney": the plan's fingerprint does not fit its facts: the file was changed`},
		"one region more":  {planOf(basis), planOf(basis, london), `region "london" is not in the plan`},
		"one region less":  {planOf(basis, london), planOf(basis), `region "london" is in the plan, but was not selected now`},
		"a region changed": {planOf(basis), planOf(v1alpha1.Basis{ClusterUID: "c"}), `region "sydney" changed since it was planned: clusterUID was a when planned and is c now`},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := SamePlan(test.planned, test.now); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
