package snapshot

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Resources are those of the objects of a region's releases.
type Resources struct {
	// Satellite are those of what the satellite's chart makes and its release
	// has; Legacy those of what the legacy release has.
	Satellite, Legacy []cluster.Resource
}

// resources finds the resources of the releases' objects, as far as the facts
// tell of them. It asks the cluster for what it serves only.
func (src *Source) resources(s *Snapshot) (Resources, error) {
	var (
		found Resources
		kinds = s.Satellite.Value().Kinds
	)
	if spec, known := s.Spec.Get(); known && s.Chart.IsKnown() {
		made, err := src.Satellite().Kinds(spec, s.Chart.Value(), s.Cluster.Value().Version)
		if err != nil {
			return found, err
		}
		kinds = append(made, kinds...)
	}
	var err error
	if found.Satellite, err = src.Access.Resources(kinds); err != nil {
		return found, err
	}
	if release := s.Legacy.Value().Release; release != nil {
		found.Legacy, err = src.Access.Resources(release.Kinds())
	}
	return found, err
}
