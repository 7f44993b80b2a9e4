package satellite

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Scope is what the rights to a satellite's release depend on.
type Scope struct {
	Namespace string
	// Records is where Helm keeps its records, as cluster.Access.Driver returns it.
	Records string
	// Made are the resources of the chart's objects, beyond the Secrets, Services and Deployments that it always makes.
	Made  []cluster.Resource
	Owned bool // a GitOps controller installs the release, and the plugin only restores its key
}

// RightsToInspect are the rights that Inspect and MissingSecrets need.
func RightsToInspect(s Scope) []cluster.Rule {
	return slices.Concat(
		[]cluster.Rule{{Namespace: s.Namespace, Resource: "namespaces", Name: s.Namespace, Verb: "get"}},
		cluster.Core("secrets").In(s.Namespace, "get", "list"),
		cluster.Core(s.Records).In(s.Namespace, "get", "list"),
		cluster.Core("services").In(s.Namespace, "get"),
		deployments().In(s.Namespace, "get"),
		cluster.Core("pods").In(s.Namespace, "list"),
		cluster.Resource{Group: "networking.k8s.io", Resource: "ingresses", Namespaced: true}.In(s.Namespace, "get"),
	)
}

// RightsToInstall are the rights that installing, upgrading and watching a satellite, and undoing that, need beyond
// those to inspect it: Helm reads each object first, patches what an upgrade changes, and never replaces it.
func RightsToInstall(s Scope) []cluster.Rule {
	if s.Owned {
		return append(cluster.Core("secrets").In(s.Namespace, "create"), cluster.Core("events").In(s.Namespace, "list")...)
	}
	return slices.Concat(
		cluster.Core(s.Records).In(s.Namespace, "create", "update", "delete"),
		s.made().In(s.Namespace, "get", "create", "patch", "delete"), s.made().OverRights(s.Namespace),
		cluster.Core("events").In(s.Namespace, "list"),
	)
}

// RightsToUninstall are the rights that Uninstall needs beyond those to inspect; none if only the owner may uninstall it.
func RightsToUninstall(s Scope) []cluster.Rule {
	if s.Owned {
		return nil
	}
	return append(cluster.Core(s.Records).In(s.Namespace, "update", "delete"), s.made().In(s.Namespace, "delete")...)
}

func (s Scope) made() cluster.Resources {
	return append(cluster.Resources{cluster.Core("secrets"), cluster.Core("services"), deployments()}, s.Made...)
}

func deployments() cluster.Resource {
	return cluster.Resource{Group: "apps", Resource: "deployments", Namespaced: true}
}
