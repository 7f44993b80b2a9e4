package migration

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Two plans are the same exactly if nothing differs.
func TestSamePlanProperties(t *testing.T) {
	satellite := rapid.Custom(func(t *rapid.T) v1alpha1.SatelliteBasis {
		return v1alpha1.SatelliteBasis{
			ClusterUID:        rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cluster"),
			SatelliteRevision: rapid.IntRange(0, 1).Draw(t, "revision"),
		}
	})
	provider := rapid.Custom(func(t *rapid.T) v1alpha1.ProviderBasis {
		return v1alpha1.ProviderBasis{
			LegacyRetained: rapid.Bool().Draw(t, "retained"),
			NetworkingV2:   rapid.SampledFrom([]v1alpha1.NetworkingV2{v1alpha1.NetworkingV2Off, v1alpha1.NetworkingV2On}).Draw(t, "networking"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		planned, now := satellite.Draw(t, "satellite planned"), satellite.Draw(t, "satellite now")
		of := rapid.SliceOfN(provider, 2, 2)
		plannedOf, nowOf := of.Draw(t, "providers planned"), of.Draw(t, "providers now")
		err := SamePlan(planOf(planned, plannedOf), planOf(now, nowOf))
		if (err == nil) != (planned == now && slices.Equal(plannedOf, nowOf)) {
			t.Fatalf("%+v, %+v and %+v, %+v: %v", planned, plannedOf, now, nowOf, err)
		}
	})
}

func planOf(satellite v1alpha1.SatelliteBasis, providers []v1alpha1.ProviderBasis, more ...v1alpha1.RegionPlan) *v1alpha1.Plan {
	region := v1alpha1.RegionPlan{Name: "sydney", Satellite: &v1alpha1.SatellitePlan{Basis: satellite}}
	for i, basis := range providers {
		region.Providers = append(region.Providers, v1alpha1.ProviderPlan{Provider: v1alpha1.Provider{Name: fmt.Sprintf("sydney-%d", i+1)}, Basis: basis})
	}
	plan := &v1alpha1.Plan{Primary: v1alpha1.Primary{URL: "https://coder.example.com"}, Regions: append([]v1alpha1.RegionPlan{region}, more...)}
	sign(plan)
	return plan
}

// sign sets the fingerprint of each region's facts.
func sign(plan *v1alpha1.Plan) {
	for i := range plan.Regions {
		plan.Regions[i].Fingerprint = fingerprint(plan.Regions[i])
	}
}

func TestSamePlan(t *testing.T) {
	satellite, two := v1alpha1.SatelliteBasis{ClusterUID: "a"}, make([]v1alpha1.ProviderBasis, 2)
	plan := func(more ...v1alpha1.RegionPlan) *v1alpha1.Plan { return planOf(satellite, two, more...) }
	elsewhere := plan()
	elsewhere.Primary.URL = "https://other.example.com"
	edited := plan()
	edited.Regions[0].Satellite.Basis.ClusterUID = "b"
	without := plan()
	without.Regions[0].Satellite = nil
	sign(without)
	switched := planOf(satellite, []v1alpha1.ProviderBasis{{}, {NetworkingV2: v1alpha1.NetworkingV2On}})
	london := v1alpha1.RegionPlan{Name: "london"}
	for name, test := range map[string]struct {
		planned, now *v1alpha1.Plan
		want         string
	}{
		"the same":           {plan(), plan(), ""},
		"another primary":    {elsewhere, plan(), "the plan is for the primary https://other.example.com, not https://coder.example.com"},
		"edited by hand":     {edited, plan(), `region "sydney": the plan file was edited after it was written`},
		"one region more":    {plan(), plan(london), `region "london" is not in the plan`},
		"one region less":    {plan(london), plan(), `region "london" is in the plan, but is not selected`},
		"a region changed":   {plan(), planOf(v1alpha1.SatelliteBasis{ClusterUID: "c"}, two), `region "sydney" changed since it was planned: clusterUID was a when planned and is c now`},
		"no satellite":       {without, plan(), `region "sydney" changed since it was planned: the region gained or lost its satellite`},
		"a provider less":    {planOf(satellite, two[:1]), plan(), `region "sydney" changed since it was planned: it had 1 providers when planned and has 2 now`},
		"a provider changed": {plan(), switched, `region "sydney" changed since it was planned: provider "sydney-2": networkingV2 was (none) when planned and is On now`},
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

// Any change to a region's plan is reported with both values, whether the file or the region
// changed.
func TestSamePlanWholly(t *testing.T) {
	whole := func() *v1alpha1.Plan {
		basis := v1alpha1.SatelliteBasis{ClusterUID: "a", ConnectTo: "203.0.113.7:443", ChartRepo: "https://helm.coder.com", ChartName: "coder", ChartVersion: "1.21.7", ChartDigest: "sha256:1"}
		plan := &v1alpha1.Plan{
			Primary: v1alpha1.Primary{URL: "https://coder.example.com", Version: "1.21.7", Operator: "ann@example.com"},
			Outcome: v1alpha1.OutcomeChangesPending, Waves: []v1alpha1.PlanWave{{Name: "1", Regions: []string{"sydney"}}},
			Regions: []v1alpha1.RegionPlan{{
				Name: "sydney",
				Satellite: &v1alpha1.SatellitePlan{
					Context: "sydney", Namespace: "coder-satellite", Release: "coder-satellite", AccessURL: "https://coder-sydney.example.com", Basis: basis,
				},
				Providers: []v1alpha1.ProviderPlan{{
					Provider: v1alpha1.Provider{ID: "p", Name: "sydney"}, Context: "perth", Outcome: v1alpha1.OutcomeNothingToDo,
				}},
				Outcome: v1alpha1.OutcomeChangesPending,
				Steps: []v1alpha1.StepPlan{
					{Name: "retain-legacy", Provider: "sydney", Action: v1alpha1.ActionNone, Reason: "it is retained"},
					{Name: "install-satellite", Action: v1alpha1.ActionChange, Reason: "install it", Diff: "+a", Details: []string{"a"}},
				},
			}},
		}
		sign(plan)
		return plan
	}
	region := func(change func(*v1alpha1.RegionPlan)) func(*v1alpha1.Plan) {
		return func(plan *v1alpha1.Plan) { change(&plan.Regions[0]) }
	}
	satellite := func(change func(*v1alpha1.SatellitePlan)) func(*v1alpha1.Plan) {
		return region(func(r *v1alpha1.RegionPlan) { change(r.Satellite) })
	}
	provider := func(change func(*v1alpha1.ProviderPlan)) func(*v1alpha1.Plan) {
		return region(func(r *v1alpha1.RegionPlan) { change(&r.Providers[0]) })
	}
	basis := func(change func(*v1alpha1.SatelliteBasis)) func(*v1alpha1.Plan) {
		return region(func(r *v1alpha1.RegionPlan) { change(&r.Satellite.Basis); r.Fingerprint = fingerprint(*r) })
	}
	for want, change := range map[string]func(*v1alpha1.Plan){
		"context was other when planned and is sydney now":                                                              satellite(func(s *v1alpha1.SatellitePlan) { s.Context = "other" }),
		"namespace was other when planned and is coder-satellite now":                                                   satellite(func(s *v1alpha1.SatellitePlan) { s.Namespace = "other" }),
		"release was other when planned and is coder-satellite now":                                                     satellite(func(s *v1alpha1.SatellitePlan) { s.Release = "other" }),
		"accessURL was (none) when planned and is https://coder-sydney.example.com now":                                 satellite(func(s *v1alpha1.SatellitePlan) { s.AccessURL = "" }),
		`provider "sydney": id was q when planned and is p now`:                                                         provider(func(p *v1alpha1.ProviderPlan) { p.ID = "q" }),
		`provider "perth": name was perth when planned and is sydney now`:                                               provider(func(p *v1alpha1.ProviderPlan) { p.Name = "perth" }),
		"context was sydney when planned and is perth now":                                                              provider(func(p *v1alpha1.ProviderPlan) { p.Context = "sydney" }),
		"outcome was PreflightFailed when planned and is NothingToDo now":                                               provider(func(p *v1alpha1.ProviderPlan) { p.Outcome = v1alpha1.OutcomePreflightFailed }),
		"outcome was NothingToDo when planned and is ChangesPending now":                                                region(func(r *v1alpha1.RegionPlan) { r.Outcome = v1alpha1.OutcomeNothingToDo }),
		"connectTo was (none) when planned and is 203.0.113.7:443 now":                                                  basis(func(b *v1alpha1.SatelliteBasis) { b.ConnectTo = "" }),
		"chartRepo was https://example.com when planned and is https://helm.coder.com now":                              basis(func(b *v1alpha1.SatelliteBasis) { b.ChartRepo = "https://example.com" }),
		"chartName was other when planned and is coder now":                                                             basis(func(b *v1alpha1.SatelliteBasis) { b.ChartName = "other" }),
		"chartVersion was 1.21.3 when planned and is 1.21.7 now":                                                        basis(func(b *v1alpha1.SatelliteBasis) { b.ChartVersion = "1.21.3" }),
		"chartDigest was sha256:2 when planned and is sha256:1 now":                                                     basis(func(b *v1alpha1.SatelliteBasis) { b.ChartDigest = "sha256:2" }),
		"step 2 was install-satellite (None) when planned and is install-satellite (Change) now":                        region(func(r *v1alpha1.RegionPlan) { r.Steps[1].Action = v1alpha1.ActionNone }),
		"step 2 was remove-satellite (Change) when planned and is install-satellite (Change) now":                       region(func(r *v1alpha1.RegionPlan) { r.Steps[1].Name = "remove-satellite" }),
		"step 1 was install-satellite (Change) when planned and is retain-legacy of sydney (None) now; step 2 was reta": region(func(r *v1alpha1.RegionPlan) { r.Steps[0], r.Steps[1] = r.Steps[1], r.Steps[0] }),
		"step 1 was (none) when planned and is retain-legacy of sydney (None) now; step 2 was (none) when planned":      region(func(r *v1alpha1.RegionPlan) { r.Steps = nil }),
		"step 3 was (none) when planned and is finish (Check) now":                                                      nil, // changed below: the new plan has one more step
		"the primary's version was 1.21.6 when planned and is 1.21.7 now":                                               func(p *v1alpha1.Plan) { p.Primary.Version = "1.21.6" },
		"the order of the regions was [{1 [london]} {2 [sydney]}] when planned and is [{1 [sydney]}] now": func(p *v1alpha1.Plan) {
			p.Waves = []v1alpha1.PlanWave{{Name: "1", Regions: []string{"london"}}, {Name: "2", Regions: []string{"sydney"}}}
		},
		"the outcome was NothingToDo when planned and is ChangesPending now": func(p *v1alpha1.Plan) { p.Outcome = v1alpha1.OutcomeNothingToDo },
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
		t.Errorf("a field that is only shown counts: %v", err)
	}
}

// Whoever adds a field to a region's plan must decide whether it counts in the comparison.
func TestEveryFieldOfAPlanIsDecided(t *testing.T) {
	for _, test := range []struct {
		of      reflect.Type
		decided []string
	}{
		{reflect.TypeFor[v1alpha1.RegionPlan](), []string{"Name", "Outcome", "Fingerprint", "Satellite", "Providers", "Steps", "Preflight"}},
		{reflect.TypeFor[v1alpha1.SatellitePlan](), []string{"Context", "Namespace", "Release", "AccessURL", "Basis"}},
		{reflect.TypeFor[v1alpha1.ProviderPlan](), []string{"Provider", "Context", "Outcome", "Impact", "Basis"}},
	} {
		var fields []string
		for i := range test.of.NumField() {
			fields = append(fields, test.of.Field(i).Name)
		}
		if diff := cmp.Diff(test.decided, fields); diff != "" {
			t.Errorf("compare it in sameRegion (-decided +fields):\n%s", diff)
		}
	}
}
