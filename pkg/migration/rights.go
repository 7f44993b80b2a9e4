package migration

import (
	"cmp"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Rights returns the rights in a region's cluster that the operation needs, each
// once: what the preflight asks for, and what `rbac` prints.
func (o Operation) Rights(scope snapshot.Scope) []cluster.Rule {
	rules := snapshot.RightsToRead(scope, o.Items...)
	if len(o.Steps) > 0 {
		rules = append(rules, rightsToRun(scope)...)
	}
	for _, step := range o.Steps {
		rules = append(rules, step.Rights(scope)...)
	}
	return distinct(rules)
}

// rightsToRun are the rights to the journal, the lock and Events.
func rightsToRun(scope snapshot.Scope) []cluster.Rule {
	var rules []cluster.Rule
	if scope.NewNamespace {
		rules = append(rules, cluster.Rule{Resource: "namespaces", Verb: "create"})
	}
	return slices.Concat(rules,
		cluster.Core("configmaps").In(scope.Satellite, "create", "update"),
		snapshot.Leases().In(scope.Satellite, "create", "update"),
		cluster.Core("events").In(scope.Satellite, "create"),
	)
}

// distinct returns the rules, each once: those on the same objects together, in
// the order in which the objects come first, and of each the reading verbs before
// the writing ones.
func distinct(rules []cluster.Rule) []cluster.Rule {
	verbs := []string{"get", "list", "create", "update", "patch", "delete", "escalate", "bind"}
	first := map[cluster.Rule]int{}
	objects := func(r cluster.Rule) cluster.Rule {
		r.Verb = ""
		return r
	}
	var once []cluster.Rule
	for i, rule := range rules {
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
