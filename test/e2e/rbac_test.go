package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

const rolesName = "coder-satellite-operator"

// TestLongLeastRights: with exactly the roles that rbac prints, an operator can run migrate,
// status and rollback. If any single right is missing, the preflight stops and names only that
// one.
func TestLongLeastRights(t *testing.T) {
	const region, account = "london", "operators:least"
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-f", "fleet.yaml", "--region", region, "--kubeconfig", leastKubeconfig(t, region, account)}
	t.Cleanup(func() { resetRegion(t, region) })
	roles := plugin(t, 0, "rbac", "-f", "fleet.yaml", "--region", region,
		"--verb", "migrate", "--verb", "status", "--verb", "rollback", "--serviceaccount", account)
	kubectl(t, region, "apply", "-f", writeInLab(t, "roles.yaml", []byte(roles.Stdout)))
	t.Cleanup(func() { kubectl(t, region, "delete", "-f", writeInLab(t, "roles.yaml", []byte(roles.Stdout))) })

	granted := readRoles(t, access.Clientset())
	if stopped := lacks(t, args, ""); stopped != "" {
		t.Fatalf("with all of the roles: %s", stopped)
	}
	plugin(t, 0, append([]string{"migrate", "--yes"}, args...)...)
	plugin(t, 0, append([]string{"status"}, args...)...)
	plugin(t, 0, append([]string{"rollback", "--yes"}, args...)...)

	rights := granted.rights()
	if len(rights) < 40 {
		t.Fatalf("only %d rights are granted", len(rights))
	}
	for i, right := range rights {
		granted.without(right).write(t, access.Clientset())
		if said := lacks(t, args, right.String()); said != "missing rights: "+right.String() {
			t.Errorf("without %q the preflight says %q", right, said)
		}
		if i%8 > 0 {
			continue // migrate runs the same check
		}
		result := plugin(t, 5, append([]string{"migrate", "--yes"}, args...)...)
		if !strings.Contains(strings.Join(strings.Fields(result.Stdout+result.Stderr), " "), right.String()) {
			t.Errorf("without %q migrate does not name it: %s", right, result)
		}
	}
	t.Logf("%d rights, each left out once", len(rights))
}

// leastKubeconfig creates a service account, and returns a kubeconfig whose context of the region
// uses it.
func leastKubeconfig(t *testing.T, region, account string) string {
	t.Helper()
	namespace, name, _ := strings.Cut(account, ":")
	kubectl(t, region, "create", "namespace", namespace)
	t.Cleanup(func() { kubectl(t, region, "delete", "namespace", namespace) })
	kubectl(t, region, "--namespace", namespace, "create", "serviceaccount", name)
	token := kubectl(t, region, "--namespace", namespace, "create", "token", name)
	return editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
		config.Contexts[region].AuthInfo = name
	})
}

// lacks runs plan until the preflight names the right ("" for none), because an API server
// applies a changed role with a short delay. It returns the final message of the rights check; ""
// if the check passes.
func lacks(t *testing.T, args []string, right string) (said string) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); {
		code := 5
		if right == "" {
			code = 0
		}
		result := lab.Plugin(t.Context(), append([]string{"plan", "--diff=false", "-o", `jsonpath={range .regions[*].preflight[?(@.id=="cluster-rights")]}{.state} {.message}{"\n"}{end}` +
			`{range .regions[*].preflight[?(@.id=="provider-rights")]}{.state} {.message}{"\n"}{end}`}, args...)...)
		first, _, _ := strings.Cut(result.Stdout, "\n") // the satellite and the provider may lack the same right
		state, message, _ := strings.Cut(first, " ")
		said = ""
		if state != string(v1alpha1.CheckPass) {
			said = message
		}
		if result.Code == code && (said == "") == (right == "") && strings.HasSuffix(said, right) {
			return said
		}
	}
	return said
}

// grants are the rules of the roles by namespace, "" for the ClusterRole.
type grants map[string][]rbacv1.PolicyRule

func readRoles(t *testing.T, client kubernetes.Interface) grants {
	t.Helper()
	clusterRole, err := client.RbacV1().ClusterRoles().Get(t.Context(), rolesName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := grants{"": clusterRole.Rules}
	roles, err := client.RbacV1().Roles("").List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + rolesName})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles.Items {
		found[role.Namespace] = role.Rules
	}
	return found
}

// rights returns the granted rights one by one.
func (g grants) rights() []cluster.Rule {
	var rights []cluster.Rule
	for namespace, rules := range g {
		for _, rule := range rules {
			for _, verb := range rule.Verbs {
				right := cluster.Rule{Namespace: namespace, Group: rule.APIGroups[0], Resource: rule.Resources[0], Verb: verb}
				for _, name := range rule.ResourceNames {
					rights = append(rights, cluster.Rule{Namespace: name, Resource: right.Resource, Name: name, Verb: verb})
				}
				if len(rule.ResourceNames) == 0 {
					rights = append(rights, right)
				}
			}
		}
	}
	return rights
}

// without returns a copy without this right.
func (g grants) without(right cluster.Rule) grants {
	rest := grants{}
	for namespace, rules := range g {
		rest[namespace] = nil
		for _, rule := range rules {
			rule = *rule.DeepCopy()
			same := (namespace == right.Namespace || right.Name != "" && namespace == "") && rule.APIGroups[0] == right.Group && rule.Resources[0] == right.Resource
			switch {
			case same && right.Name != "" && len(rule.ResourceNames) > 1:
				rule.ResourceNames = drop(rule.ResourceNames, right.Name)
			case same:
				rule.Verbs = drop(rule.Verbs, right.Verb)
			}
			if len(rule.Verbs) > 0 {
				rest[namespace] = append(rest[namespace], rule)
			}
		}
	}
	return rest
}

func drop(list []string, gone string) []string {
	var kept []string
	for _, entry := range list {
		if entry != gone {
			kept = append(kept, entry)
		}
	}
	return kept
}

func (g grants) write(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for namespace, rules := range g {
		meta := metav1.ObjectMeta{Name: rolesName, Namespace: namespace}
		var err error
		if namespace == "" {
			_, err = client.RbacV1().ClusterRoles().Update(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.UpdateOptions{})
		} else {
			_, err = client.RbacV1().Roles(namespace).Update(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.UpdateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
