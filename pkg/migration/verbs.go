package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// RightsVerbs returns the verbs that need rights in a region's cluster, in the
// order in which an operator meets them.
func RightsVerbs() []string {
	return []string{"plan", "migrate", "status", "verify", "rollback", "retain", "remove", "finalize", "unlock"}
}

// SatelliteRightsOf returns the rights in the satellite's cluster that the verbs
// need together, each once. A verb that is none of RightsVerbs needs none.
func SatelliteRightsOf(verbs []string, scope snapshot.Scope) []cluster.Rule {
	var rules []cluster.Rule
	for _, verb := range verbs {
		switch verb {
		case "plan", "status":
			rules = append(rules, snapshot.RightsToReadSatellite(scope, snapshot.PlanItems()...)...)
		case "verify":
			rules = append(rules, snapshot.RightsToReadSatellite(scope, snapshot.ItemSatellite)...)
		case "unlock":
			rules = append(rules, snapshot.Leases().In(scope.Satellite, "get", "update")...)
		default:
			rules = append(rules, operationOf(verb).SatelliteRights(scope)...)
		}
	}
	return distinct(rules)
}

// ProviderRightsOf returns those in the provider's cluster, likewise.
func ProviderRightsOf(verbs []string, scope snapshot.Scope) []cluster.Rule {
	var rules []cluster.Rule
	for _, verb := range verbs {
		switch verb {
		case "plan", "status":
			rules = append(rules, snapshot.RightsToReadProvider(scope, snapshot.PlanItems()...)...)
		case "verify":
		case "unlock":
			rules = append(rules, snapshot.Leases().In(scope.Provider, "get", "update")...)
		default:
			rules = append(rules, operationOf(verb).ProviderRights(scope)...)
		}
	}
	return distinct(rules)
}

// operationOf returns the operation of that verb; one that does nothing if there is none.
func operationOf(verb string) Operation {
	operations := []Operation{Migrate(MigrateOptions{}), Rollback(RollbackOptions{}), Retain(), Remove(false), Finalize(FinalizeOptions{})}
	if i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == verb }); i >= 0 {
		return operations[i]
	}
	return Operation{}
}
