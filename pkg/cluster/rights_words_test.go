package cluster_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

func TestInWords(t *testing.T) {
	rule := func(namespace, group, resource, name, verb string) cluster.Rule {
		return cluster.Rule{Namespace: namespace, Group: group, Resource: resource, Name: name, Verb: verb}
	}
	got := cluster.InWords([]cluster.Rule{
		rule("edge", "", "secrets", "", "get"),
		rule("edge", "apps", "deployments", "", "create"),
		rule("edge", "", "secrets", "", "update"),
		rule("", "", "secrets", "", "list"),
		rule("edge", "", "secrets", "key", "get"),
	})
	want := []string{
		"get, update secrets in namespace edge",
		"create deployments.apps in namespace edge",
		"list secrets in the whole cluster",
		"get secrets key in namespace edge",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := cluster.InWords(nil); len(got) != 0 {
		t.Errorf("no rules: %v", got)
	}
}
