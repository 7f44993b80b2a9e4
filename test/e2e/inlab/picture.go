package inlab

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Namespaces and names of the satellite's and the legacy release in every region.
const (
	SatelliteNamespace = "coder-satellite"
	SatelliteRelease   = "coder-satellite"
	LegacyNamespace    = "coder"
	LegacyRelease      = "coder-workspace-provider"
)

// Access opens a region's cluster as the operator.
func (l *Lab) Access(region string) (*cluster.Access, error) {
	kubeconfig, err := cluster.LoadKubeconfig(l.Kubeconfig)
	if err != nil {
		return nil, err
	}
	return kubeconfig.Open(region, cluster.Options{UserAgent: "coder-satellite-test"})
}

// Picture returns the objects of the two namespaces by "resource namespace/name". It leaves out
// what differs between runs: identities, times, keys, and the plugin's own records.
func Picture(ctx context.Context, access *cluster.Access) (map[string]string, error) {
	picture := map[string]string{}
	for _, resource := range []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Version: "v1", Resource: "services"},
		{Version: "v1", Resource: "serviceaccounts"},
		{Version: "v1", Resource: "secrets"},
		{Version: "v1", Resource: "configmaps"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	} {
		for _, namespace := range []string{LegacyNamespace, SatelliteNamespace} {
			list, err := access.Dynamic().Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			for i := range list.Items {
				object := &list.Items[i]
				if object.GetLabels()["owner"] == "helm" && namespace == SatelliteNamespace {
					continue // the number of revisions depends on what was cleared
				}
				picture[resource.Resource+" "+namespace+"/"+object.GetName()] = shape(object)
			}
		}
	}
	return picture, nil
}

// shape returns the part of an object that is the same in every run.
func shape(object *unstructured.Unstructured) string {
	kept := map[string]any{"labels": object.GetLabels()}
	annotations := maps.Clone(object.GetAnnotations())
	delete(annotations, "deployment.kubernetes.io/revision")
	for _, name := range slices.Collect(maps.Keys(annotations)) {
		if strings.HasSuffix(name, "-at") || strings.HasSuffix(name, "sha256") {
			annotations[name] = "..."
		}
	}
	kept["annotations"] = annotations
	for _, field := range []string{"rules", "subjects", "roleRef", "type"} {
		kept[field] = object.Object[field]
	}
	if spec, ok := object.Object["spec"].(map[string]any); ok {
		for _, assigned := range []string{"clusterIP", "clusterIPs", "ports", "healthCheckNodePort"} {
			delete(spec, assigned)
		}
		kept["spec"] = spec
	}
	data, _ := object.Object["data"].(map[string]any)
	kept["data"] = slices.Sorted(maps.Keys(data))
	text, err := json.Marshal(kept)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
