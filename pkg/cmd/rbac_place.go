package cmd

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// place returns the place of the regions, which must be the same for all: roles
// of one name cannot have two contents in one output.
func (o *rbacOptions) place(ctx context.Context) (snapshot.Scope, error) {
	if o.legacyNamespace != "" && o.flags.Filename == "" {
		satellite := cmp.Or(o.flags.Namespace, fleet.DefaultNamespace)
		return snapshot.Scope{Satellite: satellite, Legacy: o.legacyNamespace, Records: o.records}, nil
	}
	c, err := o.connect()
	if err != nil {
		return snapshot.Scope{}, err
	}
	sources := c.survey.Sources()
	first, err := o.placeOf(ctx, sources[0])
	if err != nil {
		return snapshot.Scope{}, err
	}
	for _, source := range sources[1:] {
		place, err := o.placeOf(ctx, source)
		if err != nil {
			return snapshot.Scope{}, err
		}
		if !reflect.DeepEqual(place, first) {
			return snapshot.Scope{}, usagef("region %q takes other rights than region %q: choose one region with --region",
				source.Region.Name, sources[0].Region.Name)
		}
	}
	return first, nil
}

// placeOf finds out where the region's releases are, and what they are made of.
func (o *rbacOptions) placeOf(ctx context.Context, source *snapshot.Source) (snapshot.Scope, error) {
	if o.legacyNamespace != "" {
		return snapshot.Scope{Satellite: source.Region.Namespace, Legacy: o.legacyNamespace, Records: o.records}, nil
	}
	s := source.Collect(ctx, snapshot.ItemProvider, snapshot.ItemLegacy, snapshot.ItemChart, snapshot.ItemSatellite, snapshot.ItemResources)
	if !s.Provider.IsKnown() && !s.Legacy.IsKnown() {
		err := fmt.Errorf("region %q: the namespace of the legacy release is not known (%w); give it with --legacy-namespace",
			source.Region.Name, s.Provider.Err())
		return snapshot.Scope{}, &exitError{exitFailed, err}
	}
	if !s.Resources.IsKnown() || !s.Chart.IsKnown() {
		_, _ = fmt.Fprintf(o.env.ErrOut, "note: region %q: the roles cover Secrets, Services and Deployments of the satellite only: %s\n",
			source.Region.Name, printer.Escape(cmp.Or(s.Chart.Err(), s.Spec.Err(), s.Resources.Err()).Error()))
	}
	place := s.Scope(o.records)
	place.NewNamespace, place.Restore = false, false // see the flags
	return place, nil
}
