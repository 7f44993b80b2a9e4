package legacy

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"

// kinds are what the chart workspace-provider makes in every configuration.
func kinds() [][2]string {
	return [][2]string{
		{"", "serviceaccounts"}, {"", "services"}, {"apps", "deployments"},
		{"rbac.authorization.k8s.io", "roles"}, {"rbac.authorization.k8s.io", "rolebindings"},
	}
}

func rules(namespace, group, resource string, verbs ...string) []cluster.Rule {
	list := make([]cluster.Rule, len(verbs))
	for i, verb := range verbs {
		list[i] = cluster.Rule{Namespace: namespace, Group: group, Resource: resource, Verb: verb}
	}
	return list
}

// RightsToInspect are the rights that Find and Inspect need: release is the
// namespace of the legacy release, satellite the satellite's. Here and below
// records is what Helm keeps its records in, as cluster.Access.Driver returns it.
func RightsToInspect(release, satellite, records string) []cluster.Rule {
	needed := rules(release, "", records, "list", "get")
	for _, kind := range kinds() {
		needed = append(needed, rules(release, kind[0], kind[1], "get")...)
	}
	needed = append(needed, rules(release, "apps", "deployments", "list")...)
	return append(needed, rules(satellite, "", "secrets", "list", "get")...)
}

// Rights are the rights that Retain and Unretain need beyond those to inspect.
func Rights(release, satellite, records string) []cluster.Rule {
	needed := rules(release, "", records, "update")
	for _, kind := range kinds() {
		needed = append(needed, rules(release, kind[0], kind[1], "patch")...)
	}
	needed = append(needed, rightsOverRights(release)...)
	return append(needed, rules(satellite, "", "secrets", "create", "update", "delete")...)
}

// rightsOverRights are what the API server asks of who creates or changes a Role
// or a RoleBinding, were it an annotation alone, unless they have every right
// that it grants (Kubernetes, Using RBAC Authorization, "Privilege escalation
// prevention and bootstrapping").
func rightsOverRights(release string) []cluster.Rule {
	return rules(release, "rbac.authorization.k8s.io", "roles", "escalate", "bind")
}

// RightsToRestore are the rights that RestoreRecord and RecreateObjects need
// beyond those to retain.
func RightsToRestore(release, records string) []cluster.Rule {
	needed := rules(release, "", records, "create", "delete")
	for _, kind := range kinds() {
		needed = append(needed, rules(release, kind[0], kind[1], "create")...)
	}
	return append(needed, rightsOverRights(release)...)
}

// RightsToRemove are the rights that Remove needs beyond those to retain. The
// rights to create are for what a failed removal has to bring back.
func RightsToRemove(release, satellite, records string) []cluster.Rule {
	needed := append(RightsToRestore(release, records), rules(satellite, "", "secrets", "patch")...)
	for _, kind := range kinds() {
		needed = append(needed, rules(release, kind[0], kind[1], "delete")...)
	}
	return needed
}
