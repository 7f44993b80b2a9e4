package snapshot

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Rights returns the rights in the cluster that a migration of s needs.
func Rights(s *Snapshot) []cluster.Rule {
	namespace := s.Region.Namespace
	rules := satellite.Rights(namespace)
	if release := s.Legacy.Value().Release; release != nil {
		rules = append(rules, legacy.Rights(release.Namespace, namespace)...)
	}
	for _, verb := range []string{"get", "create", "update"} {
		rules = append(rules,
			cluster.Rule{Namespace: namespace, Resource: "configmaps", Verb: verb},
			cluster.Rule{Namespace: namespace, Group: "coordination.k8s.io", Resource: "leases", Verb: verb},
		)
	}
	return append(rules, cluster.Rule{Namespace: namespace, Resource: "events", Verb: "create"})
}
