package snapshot

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Rights returns the rights in the cluster that a change of s needs. A record
// that is gone has to be restored, whatever the verb; what a removal takes is
// among them if it was looked into.
func Rights(s *Snapshot) []cluster.Rule {
	namespace := s.Region.Namespace
	rules := satellite.Rights(namespace)
	if release := s.Legacy.Value().Release; release != nil {
		rules = append(rules, legacy.Rights(release.Namespace, namespace)...)
		switch {
		case s.Removal.Collected():
			rules = append(rules, legacy.RightsToRemove(release.Namespace, namespace)...)
		case release.RecordMissing:
			rules = append(rules, legacy.RightsToRestore(release.Namespace)...)
		}
	}
	for _, verb := range []string{"get", "create", "update"} {
		rules = append(rules,
			cluster.Rule{Namespace: namespace, Resource: "configmaps", Verb: verb},
			cluster.Rule{Namespace: namespace, Group: "coordination.k8s.io", Resource: "leases", Verb: verb},
		)
	}
	return append(rules, cluster.Rule{Namespace: namespace, Resource: "events", Verb: "create"})
}
