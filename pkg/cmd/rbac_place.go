package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// rules returns the rights that the verbs need in one cluster of the regions, which must be the same for all: roles of
// one name cannot have two contents in one output.
func (o *rbacOptions) rules(ctx context.Context) ([]cluster.Rule, error) {
	if o.legacyNamespace != "" && o.flags.Filename == "" && len(o.flags.ProviderContexts) == 0 && o.flags.Satellite == "" {
		scope := o.given(cmp.Or(o.flags.Namespace, fleet.DefaultNamespace))
		return migration.Distinct(migration.RightsOf(migration.OwnerSatellite, o.verbs, scope), migration.RightsOf(migration.OwnerProvider, o.verbs, scope)), nil
	}
	c, err := o.connect()
	if err != nil {
		return nil, err
	}
	var first []cluster.Rule
	regions := c.survey.Regions()
	for i, region := range regions {
		found, err := o.rulesOf(ctx, region)
		switch {
		case err != nil:
			return nil, err
		case i == 0:
			first = found
		case !slices.Equal(first, found):
			return nil, usagef("region %q needs other rights than region %q: choose one region with --region",
				region.Region.Name, regions[0].Region.Name)
		}
	}
	return first, nil
}

// rulesOf returns the rights in the region's cluster or, if it has several, in the one that --in names.
func (o *rbacOptions) rulesOf(ctx context.Context, region *snapshot.Region) ([]cluster.Rule, error) {
	var contexts []string
	if satellite := region.Region.Satellite; !satellite.None() {
		contexts = append(contexts, satellite.Context)
	}
	for _, provider := range region.Region.Providers {
		if !slices.Contains(contexts, provider.Context) {
			contexts = append(contexts, provider.Context)
		}
	}
	wanted := cmp.Or(o.cluster, contexts[0])
	switch {
	case o.cluster == "" && len(contexts) > 1:
		return nil, usagef("region %q is in several clusters: choose the one to print roles for with --in: %s",
			region.Region.Name, strings.Join(contexts, ", "))
	case !slices.Contains(contexts, wanted):
		return nil, usagef("--in %q: region %q has no such context; choose from: %s", wanted, region.Region.Name, strings.Join(contexts, ", "))
	}
	var rules []cluster.Rule
	for i, source := range region.Sources {
		scope, err := o.scopeOf(ctx, source)
		if err != nil {
			return nil, err
		}
		if i == 0 && region.Region.Satellite.Context == wanted {
			rules = append(rules, migration.RightsOf(migration.OwnerSatellite, o.verbs, scope)...)
		}
		if source.Declared.Context == wanted {
			rules = append(rules, migration.RightsOf(migration.OwnerProvider, o.verbs, scope)...)
		}
	}
	return migration.Distinct(rules), nil
}

// given is the scope that the flags name, with the satellite in that namespace.
func (o *rbacOptions) given(satellite string) snapshot.Scope {
	return snapshot.Scope{
		Satellite: satellite, Provider: o.legacyNamespace, Legacy: o.legacyNamespace, Records: o.records, Restore: o.restore,
	}
}

// scopeOf determines where the releases are, and what they consist of.
func (o *rbacOptions) scopeOf(ctx context.Context, source *snapshot.Source) (snapshot.Scope, error) {
	region := source.Region
	if o.legacyNamespace != "" {
		return o.given(region.Satellite.Namespace), nil
	}
	s := source.Collect(ctx, snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemLegacy, snapshot.ItemChart, snapshot.ItemSatellite, snapshot.ItemResources)
	if !s.Provider.IsKnown() {
		return snapshot.Scope{}, fmt.Errorf("region %q: the namespace of the provider is not known (%w); give that of the legacy release with --legacy-namespace",
			region.Name, s.Provider.Err())
	}
	if !region.Satellite.None() && (!s.SatelliteResources.IsKnown() || !s.Chart.IsKnown()) {
		_, _ = fmt.Fprintf(o.env.ErrOut, "note: region %q: the roles cover Secrets, Services and Deployments of the satellite only: %s\n",
			region.Name, printer.Escape(cmp.Or(s.Chart.Err(), s.Spec.Err(), s.SatelliteResources.Err()).Error()))
	}
	scope := s.Scope(o.records)
	scope.NewNamespace, scope.Restore = false, o.restore // see the flags
	return scope, nil
}
