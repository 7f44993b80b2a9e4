package migration

import (
	"cmp"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// SatelliteRights returns the rights in the satellite's cluster that the operation
// needs, each once: what the preflight asks for, and what `rbac` prints. An
// operation that leaves the satellite alone only reads there.
func (o Operation) SatelliteRights(scope snapshot.Scope) []cluster.Rule {
	if scope.Satellite == "" {
		return nil
	}
	rules := snapshot.RightsToReadSatellite(scope, o.Items...)
	if steps := o.of(OwnerSatellite); len(steps) > 0 {
		rules = append(rules, rightsToRun(scope.Satellite, scope.NewNamespace)...)
		rules = append(rules, rightsOf(steps, scope)...)
	}
	return Distinct(rules)
}

// ProviderRights returns those in the provider's cluster, likewise.
func (o Operation) ProviderRights(scope snapshot.Scope) []cluster.Rule {
	rules := snapshot.RightsToReadProvider(scope, o.Items...)
	if steps := o.of(OwnerProvider); len(steps) > 0 {
		rules = append(rules, rightsToRun(scope.Provider, false)...)
		rules = append(rules, rightsOf(steps, scope)...)
	}
	return Distinct(rules)
}

func rightsOf(steps []Step, scope snapshot.Scope) []cluster.Rule {
	var rules []cluster.Rule
	for _, step := range steps {
		rules = append(rules, step.Rights(scope)...)
	}
	return rules
}

// rightsToRun are the rights to the journal, the lock and Events in the namespace.
func rightsToRun(namespace string, create bool) []cluster.Rule {
	var rules []cluster.Rule
	if create {
		rules = append(rules, cluster.Rule{Resource: "namespaces", Verb: "create"})
	}
	return slices.Concat(rules,
		cluster.Core("configmaps").In(namespace, "create", "update"),
		snapshot.Leases().In(namespace, "create", "update"),
		cluster.Core("events").In(namespace, "create"),
	)
}

// Distinct joins lists of rules, with each rule once: those on the same objects
// together, in the order in which the objects come first, and of each the reading verbs
// before the writing ones.
func Distinct(lists ...[]cluster.Rule) []cluster.Rule {
	verbs := []string{"get", "list", "create", "update", "patch", "delete", "escalate", "bind"}
	first := map[cluster.Rule]int{}
	objects := func(r cluster.Rule) cluster.Rule {
		r.Verb = ""
		return r
	}
	var once []cluster.Rule
	for i, rule := range slices.Concat(lists...) {
		if _, seen := first[objects(rule)]; !seen {
			first[objects(rule)] = i
		}
		if !slices.Contains(once, rule) {
			once = append(once, rule)
		}
	}
	slices.SortStableFunc(once, func(a, b cluster.Rule) int {
		return cmp.Or(cmp.Compare(first[objects(a)], first[objects(b)]), cmp.Compare(slices.Index(verbs, a.Verb), slices.Index(verbs, b.Verb)))
	})
	return once
}
