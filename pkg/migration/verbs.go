package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// RightsVerbs returns the verbs that need rights in a region's cluster, in the
// order in which an operator meets them.
func RightsVerbs() []string {
	return []string{"plan", "migrate", "status", "verify", "rollback", "retain", "remove", "finalize", "unlock", "history"}
}

// SatelliteRightsOf returns the rights in the satellite's cluster that the verbs
// need together, each once. A verb that is none of RightsVerbs needs none.
func SatelliteRightsOf(verbs []string, scope snapshot.Scope) []cluster.Rule {
	return rightsOfVerbs(verbs, scope.Satellite, func(o Operation) []cluster.Rule { return o.SatelliteRights(scope) })
}

// ProviderRightsOf returns those in the provider's cluster, likewise.
func ProviderRightsOf(verbs []string, scope snapshot.Scope) []cluster.Rule {
	return rightsOfVerbs(verbs, scope.Provider, func(o Operation) []cluster.Rule { return o.ProviderRights(scope) })
}

// rightsOfVerbs returns the rights that the verbs need in one cluster, each once; locks
// are in the namespace.
func rightsOfVerbs(verbs []string, namespace string, of func(Operation) []cluster.Rule) []cluster.Rule {
	var rules []cluster.Rule
	for _, verb := range verbs {
		if verb == "unlock" {
			rules = append(rules, snapshot.Leases().In(namespace, "get", "update")...)
			continue
		}
		rules = append(rules, of(operationOf(verb))...)
	}
	return Distinct(rules)
}

// operationOf returns the operation of that verb: one without steps if it only reads,
// and one that does nothing if there is none.
func operationOf(verb string) Operation {
	switch verb {
	case "plan", "status":
		return Operation{Items: snapshot.PlanItems()}
	case "verify":
		return Operation{Items: []snapshot.Item{snapshot.ItemSatellite}}
	case "history":
		return Operation{Items: []snapshot.Item{snapshot.ItemJournal}}
	}
	operations := []Operation{Migrate(false), Rollback(RollbackOptions{}), Retain(), Remove(false), Finalize(false)}
	if i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == verb }); i >= 0 {
		return operations[i]
	}
	return Operation{}
}
