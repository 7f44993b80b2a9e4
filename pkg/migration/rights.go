package migration

import (
	"cmp"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// RightsVerbs returns the verbs that need rights in a region's clusters, in the order in which operators use them.
func RightsVerbs() []string {
	return []string{"plan", "migrate", "status", "verify", "rollback", "retain", "remove", "finalize", "unlock", "history"}
}

// RightsOf returns the distinct rights in the owner's cluster that the verbs need together. Verbs that are not in RightsVerbs
// need none.
func RightsOf(owner Owner, verbs []string, scope snapshot.Scope) []cluster.Rule {
	var rules []cluster.Rule
	for _, verb := range verbs {
		if verb == "unlock" {
			rules = append(rules, snapshot.Leases().In(owner.namespace(scope), "get", "update")...)
			continue
		}
		rules = append(rules, operationOf(verb).rights(owner, scope)...)
	}
	return Distinct(rules)
}

// operationOf returns the verb's operation: without steps if it only reads, and empty for an unknown verb.
func operationOf(verb string) Operation {
	for _, operation := range []Operation{
		{Name: "plan", Items: snapshot.PlanItems()}, {Name: "status", Items: snapshot.PlanItems()},
		{Name: "verify", Items: []snapshot.Item{snapshot.ItemSatellite}}, {Name: "history", Items: []snapshot.Item{snapshot.ItemJournal}},
		Migrate(false, Refuse), Rollback(RollbackOptions{}), Retain(Refuse), Remove(false), Finalize(false),
	} {
		if operation.Name == verb {
			return operation
		}
	}
	return Operation{}
}

// namespace returns the owner's namespace, with its journal and its lock.
func (owner Owner) namespace(scope snapshot.Scope) string {
	if owner == OwnerSatellite {
		return scope.Satellite
	}
	return scope.Provider
}

// rights returns the distinct rights in the owner's cluster that the operation needs, for the preflight and for `rbac`.
// Without steps of the owner, the operation only reads there.
func (o Operation) rights(owner Owner, scope snapshot.Scope) []cluster.Rule {
	read, create := snapshot.RightsToReadProvider, false
	if owner == OwnerSatellite {
		read, create = snapshot.RightsToReadSatellite, scope.NewNamespace
	}
	rules, steps, namespace := read(scope, o.Items...), o.of(owner), owner.namespace(scope)
	if len(steps) == 0 || owner == OwnerSatellite && namespace == "" {
		return Distinct(rules)
	}
	if create {
		rules = append(rules, cluster.Rule{Resource: "namespaces", Verb: "create"})
	}
	rules = slices.Concat(rules, // to the journal, the lock and Events
		cluster.Core("configmaps").In(namespace, "create", "update"),
		snapshot.Leases().In(namespace, "create", "update"),
		cluster.Core("events").In(namespace, "create"),
	)
	for _, step := range steps {
		rules = append(rules, step.Rights(scope)...)
	}
	return Distinct(rules)
}

// Distinct joins lists of rules without duplicates. Rules for the same objects are together, in the order in which the
// objects first appear, with reading verbs before writing ones.
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
