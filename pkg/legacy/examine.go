package legacy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// statusDeployed is Helm's status of the revision in use.
const statusDeployed = string(release.StatusDeployed)

// examine reads the records of the candidates: the metadata of all revisions in one list, and the deployed record.
func (s *search) examine(ctx context.Context, candidates []Release) error {
	first, second := cluster.DriverSecrets, cluster.DriverConfigMaps
	if s.access.Driver() == second {
		first, second = second, first
	}
	revisions, err := s.revisions(ctx, first, candidates)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(candidates), func(c Release) bool { return len(revisions[c.String()]) > 0 })
	others, err := s.revisions(ctx, second, rest)
	if err != nil { // it is a guess: not to be allowed to read it is worth a word, but no failure
		s.exclude("%v", err)
	}
	for _, candidate := range rest {
		revisions[candidate.String()] = others[candidate.String()]
	}
	for _, candidate := range candidates {
		if own := revisions[candidate.String()]; len(own) > 0 {
			candidate.Driver = own[0].driver
			err = s.one(ctx, candidate, own)
		} else {
			err = s.lost(ctx, candidate, "it has no Helm record")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// revisions lists the candidates' revisions by "namespace/name", in one list from three namespaces on.
func (s *search) revisions(ctx context.Context, driver string, candidates []Release) (map[string][]revision, error) {
	namespaces, names := sets.New[string](), sets.New[string]()
	for _, c := range candidates {
		namespaces.Insert(c.Namespace)
		names.Insert(c.Name)
	}
	if namespaces.Len() > 2 {
		namespaces = sets.New("")
	}
	found := map[string][]revision{}
	for _, namespace := range sets.List(namespaces) {
		list, err := s.Site.revisions(ctx, driver, namespace, sets.List(names)...)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			found[r.release] = append(found[r.release], r)
		}
	}
	return found, nil
}

// deployed returns the deployed revision; nil if there is none.
func deployed(revisions []revision) *revision {
	for i := len(revisions) - 1; i >= 0; i-- {
		if revisions[i].status == statusDeployed {
			return &revisions[i]
		}
	}
	return nil
}

func (s *search) one(ctx context.Context, candidate Release, revisions []revision) error {
	latest := revisions[len(revisions)-1]
	candidate.LatestRevision, candidate.Status = latest.number, latest.status
	current := deployed(revisions)
	if current == nil {
		return s.lost(ctx, candidate, fmt.Sprintf("no revision of it is deployed, the latest, %d, is %s", latest.number, latest.status))
	}
	c, err := s.Of(candidate).held(ctx, current.object)
	switch {
	case errors.Is(err, errNoRecord):
		return s.lost(ctx, candidate, "its Helm record was deleted a moment ago")
	case err != nil && c.secret != nil:
		return s.damaged(ctx, candidate, *current, err)
	case err != nil:
		return err
	}
	if chart := c.record.Chart.Metadata.Name; chart != chartName {
		s.exclude("the envproxy of %s is part of chart %s, not of %s", candidate, chart, chartName)
		return nil
	}
	if err := candidate.is(c); err != nil {
		return fmt.Errorf("the record of Helm release %s revision %d: %w", candidate, current.number, err)
	}
	s.take(candidate)
	return nil
}

// is notes what the record says of the release.
func (r *Release) is(c held) error {
	record := c.record
	r.Revision = record.Version
	r.ChartName, r.ChartVersion, r.AccessURL = record.Chart.Metadata.Name, record.Chart.Metadata.Version, record.AccessURL
	objects, err := c.objects(r.Namespace)
	for _, d := range objects {
		r.Objects = append(r.Objects, d.ObjectRef)
	}
	return err
}

// take adds the candidate to what was found. Its Deployment is the claimant among its objects, if any.
func (s *search) take(candidate Release) {
	for _, claim := range s.claims[candidate.String()] {
		own := slices.ContainsFunc(candidate.Objects, func(o ObjectRef) bool { return o.Kind == "Deployment" && o.Name == claim.Name })
		if own {
			candidate.Deployment, candidate.Owner = claim.Name, gitops.OwnerOf(claim.Labels, claim.Annotations)
			break
		}
	}
	s.found.Releases = append(s.found.Releases, candidate)
}
