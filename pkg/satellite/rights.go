package satellite

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"

// Rights returns the rights that installing, upgrading, watching and
// uninstalling a satellite in the namespace take.
func Rights(namespace string) []cluster.Rule {
	var rules []cluster.Rule
	add := func(group, resource string, verbs ...string) {
		for _, verb := range verbs {
			rules = append(rules, cluster.Rule{Namespace: namespace, Group: group, Resource: resource, Verb: verb})
		}
	}
	manage := []string{"get", "list", "create", "update", "patch", "delete"}
	add("", "secrets", manage...)
	add("", "services", "get", "create", "update", "patch", "delete")
	add("apps", "deployments", "get", "create", "update", "patch", "delete")
	add("apps", "replicasets", "list")
	add("", "pods", "list")
	add("", "events", "list")
	return rules
}
