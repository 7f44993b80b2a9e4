package legacy

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Scope is what the rights to a legacy release depend on.
type Scope struct {
	// Release is the namespace of the legacy release, Backups that of its backups.
	Release, Backups string
	// Records is where Helm keeps its records, as cluster.Access.Driver returns it; empty for a rendered release.
	Records string
	// Made are the resources of the release's objects, beyond those that the chart always makes.
	Made []cluster.Resource
}

// Kinds returns the kinds of the release's objects, each once, and the present kinds of those in removed API groups.
func (r Release) Kinds() []schema.GroupKind {
	var kinds []schema.GroupKind
	for _, object := range r.Objects {
		kind := schema.FromAPIVersionAndKind(object.APIVersion, object.Kind).GroupKind()
		for _, kind := range []schema.GroupKind{kind, moved(kind)} {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

func (s Scope) made() cluster.Resources {
	return append(cluster.Resources{
		cluster.Core("serviceaccounts"), cluster.Core("services"), {Group: "apps", Resource: "deployments", Namespaced: true},
		{Group: rbacv1.GroupName, Resource: "roles", Namespaced: true}, {Group: rbacv1.GroupName, Resource: "rolebindings", Namespaced: true},
	}, s.Made...)
}

// records returns the rights to do the verbs with the release's records, if it has any.
func (s Scope) records(verbs ...string) []cluster.Rule {
	if s.Records == "" {
		return nil
	}
	return cluster.Core(s.Records).In(s.Release, verbs...)
}

// RightsToInspect are the rights that Find and Inspect need.
func RightsToInspect(s Scope) []cluster.Rule {
	records := s.records("list", "get")
	if records == nil {
		for _, kind := range searched() {
			resource, _ := meta.UnsafeGuessKindToResource(kind)
			records = append(records, cluster.Resource{Group: kind.Group, Resource: resource.Resource, Namespaced: true}.In(s.Release, "list")...)
		}
	}
	return slices.Concat(
		records,
		s.made().In(s.Release, "get"),
		cluster.Resource{Group: "apps", Resource: "deployments", Namespaced: true}.In(s.Release, "list"),
		cluster.Core("secrets").In(s.Backups, "list", "get"),
	)
}

// RightsToRetain are the rights that Retain needs beyond those to inspect.
func RightsToRetain(s Scope) []cluster.Rule {
	return slices.Concat(
		s.records("update"), s.made().In(s.Release, "patch"), s.made().OverRights(s.Release),
		cluster.Core("secrets").In(s.Backups, "create", "update", "delete"),
	)
}

// RightsToRestore are the rights that RestoreRecord and RecreateObjects need beyond those to retain.
func RightsToRestore(s Scope) []cluster.Rule {
	return slices.Concat(s.records("create", "delete"), s.made().In(s.Release, "create"), s.made().OverRights(s.Release))
}

// RightsToRemove are the rights that Remove needs beyond those to retain. A failed removal has to create objects again.
func RightsToRemove(s Scope) []cluster.Rule {
	return slices.Concat(RightsToRestore(s), cluster.Core("secrets").In(s.Backups, "patch"), s.made().In(s.Release, "delete"))
}
