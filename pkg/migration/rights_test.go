package migration

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// rightsOfVerb returns the verb's rights in both clusters.
func rightsOfVerb(verb string, scope snapshot.Scope) []cluster.Rule {
	return Distinct(RightsOf(OwnerSatellite, []string{verb}, scope), RightsOf(OwnerProvider, []string{verb}, scope))
}

// A verb needs rights to write exactly what it writes.
func TestRights(t *testing.T) {
	for verb, test := range map[string]struct {
		scope  snapshot.Scope
		writes []string
	}{
		"plan":   {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder"}, nil},
		"status": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder"}, nil},
		"unlock": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder"}, []string{
			"update leases.coordination.k8s.io in namespace edge", "update leases.coordination.k8s.io in namespace workspaces",
		}},
		"rollback": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder"}, []string{
			"create, update configmaps in namespace workspaces", "create, update leases.coordination.k8s.io in namespace workspaces", "create events in namespace workspaces",
		}},
		"remove": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces"}, []string{
			"create, update configmaps in namespace edge", "create, update leases.coordination.k8s.io in namespace edge", "create events in namespace edge",
			"update, delete secrets in namespace edge", "delete services in namespace edge", "delete deployments.apps in namespace edge",
		}},
		"remove, with records in ConfigMaps": {snapshot.Scope{Records: cluster.DriverConfigMaps, Satellite: "edge", Provider: "workspaces"}, []string{
			"create, update, delete configmaps in namespace edge", "create, update leases.coordination.k8s.io in namespace edge", "create events in namespace edge",
			"delete secrets in namespace edge", "delete services in namespace edge", "delete deployments.apps in namespace edge",
		}},
		"retain": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder", NewNamespace: true}, []string{
			"create, update configmaps in namespace workspaces", "create, update leases.coordination.k8s.io in namespace workspaces", "create events in namespace workspaces",
			"update secrets in namespace coder", "patch serviceaccounts in namespace coder", "patch services in namespace coder",
			"patch deployments.apps in namespace coder", "patch, escalate, bind roles.rbac.authorization.k8s.io in namespace coder",
			"patch rolebindings.rbac.authorization.k8s.io in namespace coder", "create, update, delete secrets in namespace workspaces",
		}},
		"retain, rendered by Argo CD": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder", LegacyRendered: true}, []string{
			"create, update configmaps in namespace workspaces", "create, update leases.coordination.k8s.io in namespace workspaces", "create events in namespace workspaces",
			"patch serviceaccounts in namespace coder", "patch services in namespace coder",
			"patch deployments.apps in namespace coder", "patch, escalate, bind roles.rbac.authorization.k8s.io in namespace coder",
			"patch rolebindings.rbac.authorization.k8s.io in namespace coder", "create, update, delete secrets in namespace workspaces",
		}},
		"migrate, with other objects": {snapshot.Scope{
			Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder",
			OfSatelliteMade: []cluster.Resource{{Group: "networking.k8s.io", Resource: "networkpolicies", Namespaced: true}, {Group: rbacv1.GroupName, Resource: "clusterroles"}, cluster.Core("services")},
			OfLegacyMade:    []cluster.Resource{{Group: "networking.k8s.io", Resource: "ingresses", Namespaced: true}},
		}, []string{
			"create, update configmaps in namespace edge", "create, update leases.coordination.k8s.io in namespace edge", "create events in namespace edge",
			"create, update configmaps in namespace workspaces", "create, update leases.coordination.k8s.io in namespace workspaces", "create events in namespace workspaces",
			"create, update, patch, delete secrets in namespace edge", "create, patch, delete services in namespace edge", "create, patch, delete deployments.apps in namespace edge",
			"create, patch, delete networkpolicies.networking.k8s.io in namespace edge", "create, patch, delete, escalate, bind clusterroles.rbac.authorization.k8s.io in the whole cluster",
			"update secrets in namespace coder", "patch serviceaccounts in namespace coder", "patch services in namespace coder",
			"patch deployments.apps in namespace coder", "patch, escalate, bind roles.rbac.authorization.k8s.io in namespace coder",
			"patch rolebindings.rbac.authorization.k8s.io in namespace coder", "patch ingresses.networking.k8s.io in namespace coder", "create, update, delete secrets in namespace workspaces",
		}},
		"migrate": {snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces"}, []string{ // if there is nothing to retain
			"create, update configmaps in namespace edge", "create, update leases.coordination.k8s.io in namespace edge", "create events in namespace edge",
			"create, update configmaps in namespace workspaces", "create, update leases.coordination.k8s.io in namespace workspaces", "create events in namespace workspaces",
			"create, update, patch, delete secrets in namespace edge", "create, patch, delete services in namespace edge", "create, patch, delete deployments.apps in namespace edge",
		}},
	} {
		t.Run(verb, func(t *testing.T) {
			verb, _, _ := strings.Cut(verb, ",")
			rules := rightsOfVerb(verb, test.scope)
			writes := slices.DeleteFunc(rules, func(r cluster.Rule) bool { return r.Verb == "get" || r.Verb == "list" })
			if diff := cmp.Diff(test.writes, cluster.InWords(writes), cmpopts.SortSlices(strings.Compare), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every verb has rights, without duplicates. A verb that changes something also has the rights to
// read it.
func TestRightsOfEveryVerb(t *testing.T) {
	scope := snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder", Restore: true, NewNamespace: true}
	look := rightsOfVerb("status", scope)
	for _, verb := range RightsVerbs() {
		rules := rightsOfVerb(verb, scope)
		if len(rules) == 0 {
			t.Errorf("%s has no rights", verb)
		}
		for i, rule := range rules {
			if slices.Contains(rules[:i], rule) {
				t.Errorf("%s: twice: %s", verb, rule)
			}
		}
		for _, rule := range look {
			if changes := verb != "unlock" && verb != "verify" && verb != "history"; changes && !slices.Contains(rules, rule) {
				t.Errorf("%s lacks: %s", verb, rule)
			}
		}
	}
	journals := []string{"get configmaps in namespace edge", "get configmaps in namespace workspaces"}
	if diff := cmp.Diff(journals, cluster.InWords(rightsOfVerb("history", scope))); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if rules := rightsOfVerb("version", scope); len(rules) > 0 {
		t.Errorf("version takes rights in a cluster: %v", rules)
	}
}

// The objects of a release that Argo CD rendered are found by lists; there are no records to read.
func TestRightsToFindRendered(t *testing.T) {
	scope := snapshot.Scope{Records: cluster.DriverConfigMaps, Satellite: "edge", Provider: "workspaces", Legacy: "coder", LegacyRendered: true}
	said := strings.Join(cluster.InWords(rightsOfVerb("status", scope)), "; ")
	for _, want := range []string{"list configmaps in namespace coder", "list ingresses.networking.k8s.io in namespace coder", "get, list roles.rbac.authorization.k8s.io in namespace coder"} {
		if !strings.Contains(said, want) {
			t.Errorf("no right to %s: %s", want, said)
		}
	}
	if strings.Contains(said, "get, list configmaps in namespace coder") {
		t.Errorf("a right to records: %s", said)
	}
}

// Every verb that examines the satellite may read the address of its Ingress.
func TestRightsToReadIngresses(t *testing.T) {
	get := cluster.Rule{Namespace: "edge", Group: "networking.k8s.io", Resource: "ingresses", Verb: "get"}
	for _, verb := range RightsVerbs() {
		rules := rightsOfVerb(verb, snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces"})
		if want := verb != "unlock" && verb != "history"; slices.Contains(rules, get) != want {
			t.Errorf("%s reads Ingresses: %t", verb, !want)
		}
	}
}

// Only verbs that restore an uninstalled legacy release have the right to create its objects.
func TestRightsToRestore(t *testing.T) {
	create := cluster.Rule{Namespace: "coder", Group: "apps", Resource: "deployments", Verb: "create"}
	for verb, want := range map[string][2]bool{ // without and with Restore
		"migrate": {false, true}, "rollback": {false, true}, "retain": {false, true}, "finalize": {true, true}, "remove": {false, false}, "status": {false, false},
	} {
		for i, restore := range []bool{false, true} {
			rules := rightsOfVerb(verb, snapshot.Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "coder", Restore: restore})
			if slices.Contains(rules, create) != want[i] {
				t.Errorf("%s, restore %t: creates a Deployment: %t", verb, restore, !want[i])
			}
		}
	}
}
