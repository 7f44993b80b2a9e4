package snapshot

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Compare sets in every view which other regions of the fleet share its satellite's place or its provider. Different
// contexts may lead to one cluster, so the UID of the namespace kube-system identifies it.
func Compare(regions [][]*Snapshot) {
	all := slices.Concat(regions...)
	for _, views := range regions {
		for _, s := range views {
			s.SamePlace, s.SameProvider = nil, nil
			for _, other := range all {
				if other != s {
					s.compare(other, slices.Contains(views, other))
				}
			}
			s.SamePlace, s.SameProvider = slices.Compact(s.SamePlace), slices.Compact(s.SameProvider)
		}
	}
}

func (s *Snapshot) compare(other *Snapshot, sameRegion bool) {
	site, others := s.Region.Satellite, other.Region.Satellite
	uid := s.Cluster.Value().UID
	if !sameRegion && uid != "" && uid == other.Cluster.Value().UID && site.Namespace == others.Namespace {
		s.SamePlace = append(s.SamePlace, other.Region.Name)
	}
	if id := s.Provider.Value().ID; id != "" && id == other.Provider.Value().ID {
		s.SameProvider = append(s.SameProvider, other.Region.Name)
	}
}

// Document returns the primary in the form of documents.
func (p Primary) Document() v1alpha1.Primary {
	document := v1alpha1.Primary{URL: p.URL, Operator: p.Me.Value().Email}
	if version, ok := p.Version.Get(); ok {
		document.Version = version.String()
	}
	return document
}
