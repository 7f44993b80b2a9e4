package satellite

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Place is where a satellite's release is, as far as the rights to it depend on that.
type Place struct {
	Namespace string
	// Records is what Helm keeps its records in, as cluster.Access.Driver returns it.
	Records string
	// Made are the resources of the objects that the chart makes. Secrets,
	// Services and Deployments it makes in any case.
	Made []cluster.Resource
}

// RightsToInspect are the rights that Inspect and MissingSecrets need. The
// Ingress is read where Service coderd has no load balancer.
func RightsToInspect(p Place) []cluster.Rule {
	return slices.Concat(
		[]cluster.Rule{{Namespace: p.Namespace, Resource: "namespaces", Name: p.Namespace, Verb: "get"}},
		cluster.Core("secrets").In(p.Namespace, "get", "list"),
		cluster.Core(p.Records).In(p.Namespace, "get", "list"),
		cluster.Core("services").In(p.Namespace, "get"),
		deployments().In(p.Namespace, "get"),
		cluster.Core("pods").In(p.Namespace, "list"),
		cluster.Resource{Group: "networking.k8s.io", Resource: "ingresses", Namespaced: true}.In(p.Namespace, "get"),
	)
}

// RightsToInstall are the rights that installing, upgrading and watching a
// satellite take beyond those to inspect it, and taking it back: Helm reads
// each object first, patches what an upgrade changes, and never replaces it.
func RightsToInstall(p Place) []cluster.Rule {
	needed := cluster.Core(p.Records).In(p.Namespace, "create", "update", "delete")
	for _, resource := range p.made() {
		needed = append(needed, resource.In(p.Namespace, "get", "create", "patch", "delete")...)
		needed = append(needed, cluster.RightsOverRights(resource, p.Namespace)...)
	}
	return append(needed, cluster.Core("events").In(p.Namespace, "list")...)
}

// RightsToUninstall are the rights that Uninstall takes beyond those to inspect.
func RightsToUninstall(p Place) []cluster.Rule {
	needed := cluster.Core(p.Records).In(p.Namespace, "update", "delete")
	for _, resource := range p.made() {
		needed = append(needed, resource.In(p.Namespace, "delete")...)
	}
	return needed
}

// made are the resources of what the chart makes.
func (p Place) made() []cluster.Resource {
	return append([]cluster.Resource{cluster.Core("secrets"), cluster.Core("services"), deployments()}, p.Made...)
}

func deployments() cluster.Resource {
	return cluster.Resource{Group: "apps", Resource: "deployments", Namespaced: true}
}
