package snapshot

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Compare notes in every view which other regions of the fleet have its satellite's
// place or its provider. Contexts of different names may lead to one cluster, so the UID
// of the namespace kube-system identifies a cluster.
func Compare(regions [][]*Snapshot) {
	for i, views := range regions {
		for _, s := range views {
			s.SamePlace, s.SameProvider = nil, nil
			for k, others := range regions {
				for _, other := range others {
					if other != s {
						s.compare(other, i == k)
					}
				}
			}
		}
	}
}

func (s *Snapshot) compare(other *Snapshot, sameRegion bool) {
	site, others := s.Region.Satellite, other.Region.Satellite
	uid := s.Cluster.Value().UID
	if !sameRegion && uid != "" && uid == other.Cluster.Value().UID && site.Namespace == others.Namespace {
		s.SamePlace = appendNew(s.SamePlace, other.Region.Name)
	}
	if id := s.Provider.Value().ID; id != "" && id == other.Provider.Value().ID {
		s.SameProvider = appendNew(s.SameProvider, other.Region.Name)
	}
}

func appendNew(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// Document returns the primary as documents show it.
func (p Primary) Document() v1alpha1.Primary {
	document := v1alpha1.Primary{URL: p.URL, Operator: p.Me.Value().Email}
	if version, ok := p.Version.Get(); ok {
		document.Version = version.String()
	}
	return document
}
