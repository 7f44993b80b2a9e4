package cluster

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource is what the objects of a kind are called in the API, and in roles.
type Resource struct {
	Group, Resource string // the core group is empty
	Namespaced      bool   // set for objects that live in a namespace
}

// Core returns a namespaced resource of the core group.
func Core(resource string) Resource { return Resource{Resource: resource, Namespaced: true} }

// In returns the rights to the verbs in the namespace, or in the whole cluster if the resource is not namespaced.
func (r Resource) In(namespace string, verbs ...string) []Rule {
	if !r.Namespaced {
		namespace = ""
	}
	rules := make([]Rule, len(verbs))
	for i, verb := range verbs {
		rules[i] = Rule{Namespace: namespace, Group: r.Group, Resource: r.Resource, Verb: verb}
	}
	return rules
}

// Resources are those of the objects of a release.
type Resources []Resource

// In returns the rights to the verbs with each of them in the namespace, as Resource.In does.
func (rs Resources) In(namespace string, verbs ...string) (rules []Rule) {
	for _, r := range rs {
		rules = append(rules, r.In(namespace, verbs...)...)
	}
	return rules
}

// OverRights are the rights that the API server requires from whoever creates or changes a role or a binding, even if
// only an annotation, without having every right that it grants; none for other resources (Kubernetes, Using RBAC
// Authorization, "Privilege escalation prevention and bootstrapping").
func (rs Resources) OverRights(namespace string) (rules []Rule) {
	for _, r := range rs {
		roles := Resource{Group: rbacv1.GroupName, Resource: "clusterroles", Namespaced: r.Namespaced}
		if r.Namespaced {
			roles.Resource = "roles"
		}
		if r.Group == rbacv1.GroupName {
			rules = append(rules, roles.In(namespace, "escalate", "bind")...)
		}
	}
	return rules
}

// Resources maps kinds to resources by cached discovery, each once, without kinds that the cluster does not serve.
func (a *Access) Resources(kinds []schema.GroupKind) ([]Resource, error) {
	mapper, err := a.Mapper()
	if err != nil {
		return nil, err
	}
	var resources []Resource
	for _, kind := range kinds {
		mapping, err := mapper.RESTMapping(kind)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the APIs that the cluster serves cannot be discovered: %w", err)
		}
		resource := Resource{Group: mapping.Resource.Group, Resource: mapping.Resource.Resource, Namespaced: mapping.Scope.Name() == meta.RESTScopeNameNamespace}
		if !slices.Contains(resources, resource) {
			resources = append(resources, resource)
		}
	}
	return resources, nil
}

// knownFirst maps the kinds that every cluster serves without a request; only other kinds take discovery.
type knownFirst struct {
	meta.RESTMapper
	known *meta.DefaultRESTMapper
}

func (m knownFirst) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if mapping, err := m.known.RESTMapping(kind, versions...); err == nil {
		return mapping, nil
	}
	return m.RESTMapper.RESTMapping(kind, versions...)
}

// knownKinds maps the charts' kinds that Kubernetes has served in these versions since 1.9.
func knownKinds() *meta.DefaultRESTMapper {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, rbacv1.SchemeGroupVersion})
	for version, kinds := range map[schema.GroupVersion][]string{
		corev1.SchemeGroupVersion: {"ServiceAccount", "Service", "Secret", "ConfigMap"},
		appsv1.SchemeGroupVersion: {"Deployment"},
		rbacv1.SchemeGroupVersion: {"Role", "RoleBinding"},
	} {
		for _, kind := range kinds {
			mapper.Add(version.WithKind(kind), meta.RESTScopeNamespace)
		}
	}
	for _, kind := range []string{"ClusterRole", "ClusterRoleBinding"} {
		mapper.Add(rbacv1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeRoot)
	}
	return mapper
}
