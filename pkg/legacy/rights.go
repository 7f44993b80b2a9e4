package legacy

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Place is where a legacy release is, as far as the rights to it depend on that.
type Place struct {
	// Release is the namespace of the legacy release, Satellite the satellite's,
	// where its backups are.
	Release, Satellite string
	// Records is what Helm keeps its records in, as cluster.Access.Driver returns it.
	Records string
	// Made are the resources of the release's objects. What the chart
	// workspace-provider makes in every configuration need not be named.
	Made []cluster.Resource
}

// Kinds returns the kinds of the release's objects, each once, and where those
// of removed API groups went.
func (r Release) Kinds() []schema.GroupKind {
	var kinds []schema.GroupKind
	for _, object := range r.Objects {
		kind := schema.FromAPIVersionAndKind(object.APIVersion, object.Kind).GroupKind()
		other, _ := moved(kind)
		for _, kind := range []schema.GroupKind{kind, other} {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// made are the resources of the release's objects.
func (p Place) made() []cluster.Resource {
	return append([]cluster.Resource{
		cluster.Core("serviceaccounts"), cluster.Core("services"), {Group: "apps", Resource: "deployments", Namespaced: true},
		{Group: rbacv1.GroupName, Resource: "roles", Namespaced: true}, {Group: rbacv1.GroupName, Resource: "rolebindings", Namespaced: true},
	}, p.Made...)
}

// eachMade returns the rights to do the verbs with each of the release's objects.
func (p Place) eachMade(verbs ...string) []cluster.Rule {
	var rules []cluster.Rule
	for _, resource := range p.made() {
		rules = append(rules, resource.In(p.Release, verbs...)...)
	}
	return rules
}

// overRights returns what the API server asks of who writes the release's roles.
func (p Place) overRights() []cluster.Rule {
	var rules []cluster.Rule
	for _, resource := range p.made() {
		rules = append(rules, cluster.RightsOverRights(resource, p.Release)...)
	}
	return rules
}

// RightsToInspect are the rights that Find and Inspect need.
func RightsToInspect(p Place) []cluster.Rule {
	return slices.Concat(
		cluster.Core(p.Records).In(p.Release, "list", "get"),
		p.eachMade("get"),
		cluster.Resource{Group: "apps", Resource: "deployments", Namespaced: true}.In(p.Release, "list"),
		cluster.Core("secrets").In(p.Satellite, "list", "get"),
	)
}

// Rights are the rights that Retain needs beyond those to inspect.
func Rights(p Place) []cluster.Rule {
	return slices.Concat(
		cluster.Core(p.Records).In(p.Release, "update"), p.eachMade("patch"), p.overRights(),
		cluster.Core("secrets").In(p.Satellite, "create", "update", "delete"),
	)
}

// RightsToRestore are the rights that RestoreRecord and RecreateObjects need
// beyond those to retain.
func RightsToRestore(p Place) []cluster.Rule {
	return slices.Concat(cluster.Core(p.Records).In(p.Release, "create", "delete"), p.eachMade("create"), p.overRights())
}

// RightsToRemove are the rights that Remove needs beyond those to retain. The
// rights to create are for what a failed removal has to bring back.
func RightsToRemove(p Place) []cluster.Rule {
	return slices.Concat(RightsToRestore(p), cluster.Core("secrets").In(p.Satellite, "patch"), p.eachMade("delete"))
}
