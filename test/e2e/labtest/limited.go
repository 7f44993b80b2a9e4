package labtest

import (
	"context"
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// accounts is the namespace of the users that Limited makes.
const accounts = metav1.NamespaceDefault

// Limited makes a user of a region who may do only what the rules allow, in
// one namespace or, with namespace "", everywhere. It returns a kubeconfig whose
// one context is named like the region. The user is gone when the test has ended.
func (l *Lab) Limited(t testing.TB, region, namespace string, rules ...rbacv1.PolicyRule) string {
	t.Helper()
	client := l.Client(t, region)
	account, err := client.CoreV1().ServiceAccounts(accounts).Create(t.Context(),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{GenerateName: "limited-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		deleted(t, client.CoreV1().ServiceAccounts(accounts).Delete(context.Background(), account.Name, metav1.DeleteOptions{}))
	})
	allow(t, client, account.Name, namespace, rules)
	hours := int64(3600)
	token, err := client.CoreV1().ServiceAccounts(accounts).CreateToken(t.Context(), account.Name,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &hours}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := clientcmdapi.NewConfig()
	config.CurrentContext = region
	config.Clusters[region] = &clientcmdapi.Cluster{Server: l.Region(t, region).Server, CertificateAuthority: l.CAFile}
	config.Contexts[region] = &clientcmdapi.Context{Cluster: region, AuthInfo: account.Name}
	config.AuthInfos[account.Name] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// allow lets a service account do what the rules say.
func allow(t testing.TB, client kubernetes.Interface, account, namespace string, rules []rbacv1.PolicyRule) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: account, Namespace: namespace}
	roles := client.RbacV1().ClusterRoles()
	if _, err := roles.Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: account}, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deleted(t, roles.Delete(context.Background(), account, metav1.DeleteOptions{})) })
	role := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: account}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: accounts, Name: account}}
	if namespace == "" {
		bindings := client.RbacV1().ClusterRoleBindings()
		if _, err := bindings.Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { deleted(t, bindings.Delete(context.Background(), account, metav1.DeleteOptions{})) })
		return
	}
	bindings := client.RbacV1().RoleBindings(namespace)
	if _, err := bindings.Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: role, Subjects: subjects}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deleted(t, bindings.Delete(context.Background(), account, metav1.DeleteOptions{})) })
}

func deleted(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("clean up: %v", err)
	}
}
