package cluster_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

func TestRoles(t *testing.T) {
	kind := func(kind string) metav1.TypeMeta {
		return metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: kind}
	}
	rules := []cluster.Rule{
		{Namespace: "b", Resource: "secrets", Verb: "get"},
		{Namespace: "kube-system", Resource: "namespaces", Name: "kube-system", Verb: "get"},
		{Namespace: "a", Group: "apps", Resource: "deployments", Verb: "list"},
		{Namespace: "b", Resource: "secrets", Verb: "list"},
		{Namespace: "b", Resource: "secrets", Verb: "get"}, // a duplicate
		{Namespace: "b", Resource: "namespaces", Name: "b", Verb: "get"},
		{Namespace: "b", Resource: "secrets", Name: "one", Verb: "update"},
		{Resource: "namespaces", Verb: "create"},
	}
	clusterRole := &rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: metav1.ObjectMeta{Name: "r"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, ResourceNames: []string{"kube-system", "b"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"create"}},
	}}
	roleA := &rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "a"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"list"}},
	}}
	roleB := &rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "b"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"one"}, Verbs: []string{"update"}},
	}}
	if diff := cmp.Diff([]runtime.Object{clusterRole, roleA, roleB}, cluster.Roles("r", rules, nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: "ada"}}
	ref := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: kind, Name: "r"}
	}
	want := []runtime.Object{
		clusterRole, &rbacv1.ClusterRoleBinding{TypeMeta: kind("ClusterRoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: "r"}, Subjects: subjects, RoleRef: ref("ClusterRole")},
		roleA, &rbacv1.RoleBinding{TypeMeta: kind("RoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "a"}, Subjects: subjects, RoleRef: ref("Role")},
		roleB, &rbacv1.RoleBinding{TypeMeta: kind("RoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "b"}, Subjects: subjects, RoleRef: ref("Role")},
	}
	if diff := cmp.Diff(want, cluster.Roles("r", rules, subjects)); diff != "" {
		t.Errorf("with subjects (-want +got):\n%s", diff)
	}
}
