package migration

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

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
		"edited by hand":   {edited, planOf(basis), `region "sydney": the plan's fingerprint does not fit its facts: the plan file was edited after it was written`},
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

// The plan of a region as it is to be carried out: whatever of it was changed,
// by whomever, is named with both values.
func TestSamePlanWholly(t *testing.T) {
	whole := func() *v1alpha1.Plan {
		basis := v1alpha1.Basis{ClusterUID: "a", ConnectTo: "203.0.113.7:443", ChartRepo: "https://helm.coder.com", ChartName: "coder", ChartVersion: "1.21.7", ChartDigest: "sha256:1"}
		return &v1alpha1.Plan{
			Primary: v1alpha1.Primary{URL: "https://coder.example.com", Version: "1.21.7", Operator: "ann@example.com"},
			Outcome: v1alpha1.OutcomeChangesPending, Waves: [][]string{{"sydney"}},
			Regions: []v1alpha1.RegionPlan{{
				Name: "sydney", Context: "sydney", Namespace: "coder-satellite", Release: "coder-satellite",
				AccessURL: "https://coder-sydney.example.com", Provider: v1alpha1.Provider{ID: "p", Name: "sydney"},
				Outcome: v1alpha1.OutcomeChangesPending, Basis: basis, Fingerprint: fingerprint(basis),
				Steps: []v1alpha1.StepPlan{
					{Name: "retain-legacy", Action: v1alpha1.ActionNone, Reason: "it is retained"},
					{Name: "install-satellite", Action: v1alpha1.ActionChange, Reason: "install it", Diff: "+a", Details: []string{"a"}},
				},
			}},
		}
	}
	region := func(change func(*v1alpha1.RegionPlan)) func(*v1alpha1.Plan) {
		return func(plan *v1alpha1.Plan) { change(&plan.Regions[0]) }
	}
	basis := func(change func(*v1alpha1.Basis)) func(*v1alpha1.Plan) {
		return region(func(r *v1alpha1.RegionPlan) { change(&r.Basis); r.Fingerprint = fingerprint(r.Basis) })
	}
	for want, change := range map[string]func(*v1alpha1.Plan){
		"context was other when planned and is sydney now":                                                    region(func(r *v1alpha1.RegionPlan) { r.Context = "other" }),
		"namespace was other when planned and is coder-satellite now":                                         region(func(r *v1alpha1.RegionPlan) { r.Namespace = "other" }),
		"release was other when planned and is coder-satellite now":                                           region(func(r *v1alpha1.RegionPlan) { r.Release = "other" }),
		"accessURL was (none) when planned and is https://coder-sydney.example.com now":                       region(func(r *v1alpha1.RegionPlan) { r.AccessURL = "" }),
		"provider ID was q when planned and is p now":                                                         region(func(r *v1alpha1.RegionPlan) { r.Provider.ID = "q" }),
		"provider name was perth when planned and is sydney now":                                              region(func(r *v1alpha1.RegionPlan) { r.Provider.Name = "perth" }),
		"outcome was NothingToDo when planned and is ChangesPending now":                                      region(func(r *v1alpha1.RegionPlan) { r.Outcome = v1alpha1.OutcomeNothingToDo }),
		"connectTo was (none) when planned and is 203.0.113.7:443 now":                                        basis(func(b *v1alpha1.Basis) { b.ConnectTo = "" }),
		"chartRepo was https://example.com when planned and is https://helm.coder.com now":                    basis(func(b *v1alpha1.Basis) { b.ChartRepo = "https://example.com" }),
		"chartName was other when planned and is coder now":                                                   basis(func(b *v1alpha1.Basis) { b.ChartName = "other" }),
		"chartVersion was 1.21.3 when planned and is 1.21.7 now":                                              basis(func(b *v1alpha1.Basis) { b.ChartVersion = "1.21.3" }),
		"chartDigest was sha256:2 when planned and is sha256:1 now":                                           basis(func(b *v1alpha1.Basis) { b.ChartDigest = "sha256:2" }),
		"step 2 was install-satellite (None) when planned and is install-satellite (Change) now":              region(func(r *v1alpha1.RegionPlan) { r.Steps[1].Action = v1alpha1.ActionNone }),
		"step 2 was remove-satellite (Change) when planned and is install-satellite (Change) now":             region(func(r *v1alpha1.RegionPlan) { r.Steps[1].Name = "remove-satellite" }),
		"step 1 was install-satellite (Change) when planned and is retain-legacy (None) now; step 2 was reta": region(func(r *v1alpha1.RegionPlan) { r.Steps[0], r.Steps[1] = r.Steps[1], r.Steps[0] }),
		"step 1 was (none) when planned and is retain-legacy (None) now; step 2 was (none) when planned":      region(func(r *v1alpha1.RegionPlan) { r.Steps = nil }),
		"step 3 was (none) when planned and is finish (Check) now":                                            nil, // below: a step more now
		"the primary's version was 1.21.6 when planned and is 1.21.7 now":                                     func(p *v1alpha1.Plan) { p.Primary.Version = "1.21.6" },
		"the order of the regions was [[london] [sydney]] when planned and is [[sydney]] now":                 func(p *v1alpha1.Plan) { p.Waves = [][]string{{"london"}, {"sydney"}} },
		"the outcome was NothingToDo when planned and is ChangesPending now":                                  func(p *v1alpha1.Plan) { p.Outcome = v1alpha1.OutcomeNothingToDo },
	} {
		planned, now := whole(), whole()
		if change != nil {
			change(planned)
		} else {
			now.Regions[0].Steps = append(now.Regions[0].Steps, v1alpha1.StepPlan{Name: "finish", Action: v1alpha1.ActionCheck})
		}
		if err := SamePlan(planned, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}

	shownOnly := whole()
	shownOnly.Primary.Operator = "bob@example.com"
	shownOnly.Regions[0].Preflight = []v1alpha1.CheckResult{{ID: "provider-ready", State: v1alpha1.CheckWarn}}
	shownOnly.Regions[0].Steps[1] = v1alpha1.StepPlan{Name: "install-satellite", Action: v1alpha1.ActionChange, Reason: "another word"}
	if err := SamePlan(shownOnly, whole()); err != nil {
		t.Errorf("what is only shown counts: %v", err)
	}
}

// Whoever adds a field to a region's plan decides whether it counts.
func TestEveryFieldOfAPlanIsDecided(t *testing.T) {
	decided := []string{"Name", "Context", "Namespace", "Release", "AccessURL", "Provider", "Outcome", "Fingerprint", "Basis", "Steps", "Preflight"}
	var fields []string
	for i := range reflect.TypeFor[v1alpha1.RegionPlan]().NumField() {
		fields = append(fields, reflect.TypeFor[v1alpha1.RegionPlan]().Field(i).Name)
	}
	if diff := cmp.Diff(decided, fields); diff != "" {
		t.Errorf("compare it in sameRegion (-decided +fields):\n%s", diff)
	}
}
