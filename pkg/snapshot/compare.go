package snapshot

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"

// Compare tells every snapshot which others are of the same cluster or
// provider. Contexts of different names may lead to one cluster, so clusters
// are told apart by the UID of their namespace kube-system.
func Compare(all []*Snapshot) {
	for _, s := range all {
		s.SameCluster, s.SameProvider = nil, nil
		for _, other := range all {
			if other == s {
				continue
			}
			if uid := s.Cluster.Value().UID; uid != "" && uid == other.Cluster.Value().UID {
				s.SameCluster = append(s.SameCluster, other.Region.Name)
			}
			if id := s.Provider.Value().ID; id != "" && id == other.Provider.Value().ID {
				s.SameProvider = append(s.SameProvider, other.Region.Name)
			}
		}
	}
}

// Document returns the primary as documents show it.
func (p Primary) Document() v1alpha1.Primary {
	document := v1alpha1.Primary{URL: p.URL, Operator: p.Me.Value().Email}
	if version, ok := p.Version.Get(); ok {
		document.Version = version.String()
	}
	return document
}
