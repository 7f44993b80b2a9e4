package cluster

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// served is the answer of the test's API server to discovery requests.
func served(path string) string {
	return map[string]string{
		"/api":  `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"networking.k8s.io","versions":[{"groupVersion":"networking.k8s.io/v1","version":"v1"}],"preferredVersion":{"groupVersion":"networking.k8s.io/v1","version":"v1"}}]}`,
		"/api/v1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[
			{"name":"services","kind":"Service","namespaced":true,"verbs":["get"]},{"name":"namespaces","kind":"Namespace","namespaced":false,"verbs":["get"]}]}`,
		"/apis/networking.k8s.io/v1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"networking.k8s.io/v1","resources":[
			{"name":"networkpolicies","kind":"NetworkPolicy","namespaced":true,"verbs":["get"]}]}`,
	}[path]
}

func TestResources(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	policy := schema.GroupKind{Group: "networking.k8s.io", Kind: "NetworkPolicy"}
	got, err := access.Resources([]schema.GroupKind{policy, {Kind: "Namespace"}, {Group: "example.com", Kind: "Unknown"}, policy})
	want := []Resource{{Group: "networking.k8s.io", Resource: "networkpolicies", Namespaced: true}, {Resource: "namespaces"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	server.Close()
	if access, err = kubeconfig(t, server.URL, server.ca).Open("sydney", Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := access.Resources([]schema.GroupKind{policy}); err == nil || !strings.Contains(err.Error(), "cannot be discovered") {
		t.Errorf("a server that is gone: %v", err)
	}
}

func TestRightsToResources(t *testing.T) {
	words := func(rules []Rule) string { return strings.Join(InWords(rules), "; ") }
	roles := Resource{Group: rbacv1.GroupName, Resource: "rolebindings", Namespaced: true}
	clusterRoles := Resource{Group: rbacv1.GroupName, Resource: "clusterroles"}
	for want, got := range map[string][]Rule{
		"get, patch services in namespace edge":                                      Core("services").In("edge", "get", "patch"),
		"create clusterroles.rbac.authorization.k8s.io in the whole cluster":         clusterRoles.In("edge", "create"),
		"escalate, bind roles.rbac.authorization.k8s.io in namespace edge":           Resources{roles}.OverRights("edge"),
		"escalate, bind clusterroles.rbac.authorization.k8s.io in the whole cluster": Resources{clusterRoles}.OverRights("edge"),
		"": Resources{Core("services")}.OverRights("edge"),
	} {
		if words(got) != want {
			t.Errorf("got %q, want %q", words(got), want)
		}
	}
}

// Kinds that every cluster serves need no discovery request.
func TestKnownKinds(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	mapper, err := access.Mapper()
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[schema.GroupVersionKind]string{
		{Group: "apps", Version: "v1", Kind: "Deployment"}:                       "deployments",
		{Version: "v1", Kind: "ServiceAccount"}:                                  "serviceaccounts",
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"}: "clusterroles",
		{Group: "rbac.authorization.k8s.io", Version: "v1beta1", Kind: "Role"}:   "",
		{Group: "extensions", Version: "v1beta1", Kind: "Ingress"}:               "",
	} {
		mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if (err == nil) != (want != "") || err == nil && (mapping.Resource.Resource != want || (mapping.Scope.Name() == meta.RESTScopeNameRoot) != strings.HasPrefix(kind.Kind, "Cluster")) {
			t.Errorf("%s: %+v, %v", kind, mapping, err)
		}
	}
}

func TestCapabilities(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := access.Capabilities()
	if err != nil || got.KubeVersion.Version != "v1.29.3" || !got.APIVersions.Has("networking.k8s.io/v1/NetworkPolicy") || !got.APIVersions.Has("v1") {
		t.Errorf("got %+v, %v", got, err)
	}
	if files, err := os.ReadDir(access.options.CacheDir); err != nil || len(files) > 0 {
		t.Errorf("the cache has %v, %v", files, err)
	}
	server.Close()
	if _, err := access.Capabilities(); err == nil || !strings.Contains(err.Error(), "version cannot be read") {
		t.Errorf("a server that is gone: %v", err)
	}
}
