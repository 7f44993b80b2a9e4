package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// RightsVerbs returns the verbs that take rights in a region's cluster, in the
// order in which an operator meets them.
func RightsVerbs() []string {
	return []string{"plan", "migrate", "status", "verify", "rollback", "retain", "remove", "finalize", "unlock"}
}

// RightsOf returns the rights in a region's cluster that the verb takes;
// ok is false if it is none of RightsVerbs.
func RightsOf(verb string, place Place) (rules []cluster.Rule, ok bool) {
	switch verb {
	case "plan", "status":
		return RightsToLook(place), true
	case "verify":
		return distinct(satellite.RightsToInspect(place.satellite())), true
	case "unlock":
		return RightsToUnlock(place), true
	}
	operations := []Operation{Migrate(), Rollback(RollbackOptions{}), Retain(), Remove(false), Finalize()}
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == verb })
	if i < 0 {
		return nil, false
	}
	return operations[i].Rights(place), true
}

// RightsOfAll returns the rights that the verbs take together, each once. What
// is none of RightsVerbs takes none.
func RightsOfAll(verbs []string, place Place) []cluster.Rule {
	var rules []cluster.Rule
	for _, verb := range verbs {
		needed, _ := RightsOf(verb, place)
		rules = append(rules, needed...)
	}
	return distinct(rules)
}
