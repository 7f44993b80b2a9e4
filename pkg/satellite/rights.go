package satellite

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"

// RightsToInspect are the rights that Inspect and MissingSecrets take. Here and
// below records is what Helm keeps its records in, as cluster.Access.Driver
// returns it.
func RightsToInspect(namespace, records string) []cluster.Rule {
	return rules(namespace,
		right{"", "namespaces", []string{"get"}},
		right{"", "secrets", []string{"get", "list"}},
		right{"", records, []string{"get", "list"}},
		right{"", "services", []string{"get"}},
		right{"apps", "deployments", []string{"get"}},
		right{"", "pods", []string{"list"}},
	)
}

// RightsToInstall are the rights that installing, upgrading and watching a
// satellite take beyond those to inspect it, and taking it back: Helm patches
// what an upgrade changes, and never replaces it.
func RightsToInstall(namespace, records string) []cluster.Rule {
	return rules(namespace,
		right{"", records, []string{"create", "update", "delete"}},
		right{"", "secrets", []string{"create", "patch", "delete"}},
		right{"", "services", []string{"create", "patch", "delete"}},
		right{"apps", "deployments", []string{"create", "patch", "delete"}},
		right{"", "events", []string{"list"}},
	)
}

// RightsToUninstall are the rights that Uninstall takes beyond those to inspect.
func RightsToUninstall(namespace, records string) []cluster.Rule {
	return rules(namespace,
		right{"", records, []string{"update", "delete"}},
		right{"", "secrets", []string{"delete"}},
		right{"", "services", []string{"delete"}},
		right{"apps", "deployments", []string{"delete"}},
	)
}

// right is what may be done with a kind of object.
type right struct {
	group, resource string
	verbs           []string
}

func rules(namespace string, rights ...right) []cluster.Rule {
	var rules []cluster.Rule
	for _, r := range rights {
		for _, verb := range r.verbs {
			rule := cluster.Rule{Namespace: namespace, Group: r.group, Resource: r.resource, Verb: verb}
			if r.resource == "namespaces" {
				rule.Name = namespace
			}
			rules = append(rules, rule)
		}
	}
	return rules
}
