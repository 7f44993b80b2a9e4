package cluster

import (
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Roles returns the ClusterRole and the Roles of that name that grant exactly the rules, and their bindings if there
// are subjects, sorted by namespace. Rules on namespaces are in the ClusterRole: namespaces are objects of the cluster.
func Roles(name string, rules []Rule, subjects []rbacv1.Subject) []runtime.Object {
	byNamespace := map[string][]rbacv1.PolicyRule{}
	for _, rule := range rules {
		namespace := rule.Namespace
		if rule.Group == "" && rule.Resource == "namespaces" {
			namespace = ""
		}
		byNamespace[namespace] = grant(byNamespace[namespace], rule)
	}
	var objects []runtime.Object
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		meta, rules := metav1.ObjectMeta{Name: name, Namespace: namespace}, byNamespace[namespace]
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}
		var role, binding runtime.Object = &rbacv1.Role{TypeMeta: rbacType("Role"), ObjectMeta: meta, Rules: rules},
			&rbacv1.RoleBinding{TypeMeta: rbacType("RoleBinding"), ObjectMeta: meta, Subjects: subjects, RoleRef: ref}
		if namespace == "" {
			ref.Kind = "ClusterRole"
			role = &rbacv1.ClusterRole{TypeMeta: rbacType("ClusterRole"), ObjectMeta: meta, Rules: rules}
			binding = &rbacv1.ClusterRoleBinding{TypeMeta: rbacType("ClusterRoleBinding"), ObjectMeta: meta, Subjects: subjects, RoleRef: ref}
		}
		if objects = append(objects, role); len(subjects) > 0 {
			objects = append(objects, binding)
		}
	}
	return objects
}

// grant adds a rule to a role's: its verb to the rule on the same objects, or its name to an otherwise equal one.
func grant(granted []rbacv1.PolicyRule, rule Rule) []rbacv1.PolicyRule {
	for i := range granted {
		g := &granted[i]
		if g.APIGroups[0] != rule.Group || g.Resources[0] != rule.Resource || (len(g.ResourceNames) == 0) != (rule.Name == "") {
			continue
		}
		switch sameName := rule.Name == "" || slices.Equal(g.ResourceNames, []string{rule.Name}); {
		case sameName && !slices.Contains(g.Verbs, rule.Verb):
			g.Verbs = append(g.Verbs, rule.Verb)
			return granted
		case sameName:
			return granted
		case slices.Equal(g.Verbs, []string{rule.Verb}):
			if !slices.Contains(g.ResourceNames, rule.Name) {
				g.ResourceNames = append(g.ResourceNames, rule.Name)
			}
			return granted
		}
	}
	added := rbacv1.PolicyRule{APIGroups: []string{rule.Group}, Resources: []string{rule.Resource}, Verbs: []string{rule.Verb}}
	if rule.Name != "" {
		added.ResourceNames = []string{rule.Name}
	}
	return append(granted, added)
}

func rbacType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}
