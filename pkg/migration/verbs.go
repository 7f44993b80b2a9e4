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

// RightsOf returns the rights in a region's cluster that the verb needs;
// ok is false if it is none of RightsVerbs.
func RightsOf(verb string, scope snapshot.Scope) (rules []cluster.Rule, ok bool) {
	switch verb {
	case "plan", "status":
		return distinct(snapshot.RightsToRead(scope, snapshot.PlanItems()...)), true
	case "verify":
		return distinct(snapshot.RightsToRead(scope, snapshot.ItemSatellite)), true
	case "unlock":
		return snapshot.Leases().In(scope.Satellite, "get", "update"), true
	}
	operations := []Operation{Migrate(), Rollback(RollbackOptions{}), Retain(), Remove(false), Finalize()}
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == verb })
	if i < 0 {
		return nil, false
	}
	return operations[i].Rights(scope), true
}

// RightsOfAll returns the rights that the verbs need together, each once. A verb
// that is none of RightsVerbs needs none.
func RightsOfAll(verbs []string, scope snapshot.Scope) []cluster.Rule {
	var rules []cluster.Rule
	for _, verb := range verbs {
		needed, _ := RightsOf(verb, scope)
		rules = append(rules, needed...)
	}
	return distinct(rules)
}
