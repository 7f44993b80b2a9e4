package snapshot

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// resources finds the resources of the releases' objects by asking the clusters which ones they serve.
func (src *Source) resources(s *Snapshot, satellites bool) {
	if satellites {
		s.SatelliteResources = inCluster(src.SatelliteSite, func() ([]cluster.Resource, error) { return src.satelliteResources(s) })
	}
	s.LegacyResources = inCluster(src.ProviderSite, func() ([]cluster.Resource, error) {
		release := s.Legacy.Value().Release
		if release == nil {
			return nil, nil
		}
		return src.ProviderSite.Access.Resources(release.Kinds())
	})
}

func (src *Source) satelliteResources(s *Snapshot) ([]cluster.Resource, error) {
	kinds := s.Satellite.Value().Kinds
	if spec, known := s.Spec.Get(); known && s.Chart.IsKnown() {
		made, err := src.Satellite().Kinds(spec, s.Chart.Value(), s.Cluster.Value().Version)
		if err != nil {
			return nil, err
		}
		kinds = append(made, kinds...)
	}
	return src.SatelliteSite.Access.Resources(kinds)
}
