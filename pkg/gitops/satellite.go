package gitops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// LookAtSatellite reads what the owner does with a satellite, whose key is in that field of that Secret. It takes the requests of
// Look, or one for an Application. That is often in another cluster, and does not say what is installed: Err then only means
// that Argo CD cannot be quoted.
func LookAtSatellite(ctx context.Context, client dynamic.Interface, owner Owner, secret, field string) Control {
	if owner.Tool == ArgoCD {
		return lookAtApplication(ctx, client, owner, secret, field)
	}
	control := Look(ctx, client, owner)
	if absent, ok := errors.AsType[*AbsentError](control.Err); ok { // nothing has to be suspended
		control.Err = absent
	}
	return control
}

// ApplyCommand returns the command that has what is in Git applied, with Flux's CLI in the kubeconfig context or Argo CD's; "" if
// it is unknown. Flux's reconciliation of the HelmRelease alone would not fetch it.
func (c Control) ApplyCommand(context string) string {
	switch {
	case c.Owner.Tool == ArgoCD:
		return c.Owner.Command("reconcile", context)
	case c.Applier.Name == "":
		return ""
	}
	return shell.Join("flux", "--context", context, "--namespace", c.Applier.Namespace, "reconcile", "kustomization", c.Applier.Name, "--with-source")
}

// RightsToRead returns the rights that LookAtSatellite needs.
func (o Owner) RightsToRead() []cluster.Rule {
	if o.Tool == ArgoCD {
		return cluster.Resource{Group: "argoproj.io", Resource: "applications", Namespaced: true}.In(cmp.Or(o.Namespace, argoNamespace), "get")
	}
	return o.Rights("get")
}

const argoNamespace = "argocd" // Argo CD's own, by default

// lookAtApplication reads the Application.
func lookAtApplication(ctx context.Context, client dynamic.Interface, owner Owner, secret, field string) Control {
	control := Control{Owner: owner}
	resource := schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}
	object, err := client.Resource(resource).Namespace(cmp.Or(owner.Namespace, argoNamespace)).Get(ctx, owner.Name, metav1.GetOptions{})
	if err != nil {
		control.Err = fmt.Errorf("%s cannot be read in this cluster: %w", owner, err)
		return control
	}
	control.ReplacesKey = !keepsKey(object, secret, field)
	say := func(in map[string]any, path ...string) {
		if word, _, _ := unstructured.NestedString(in, path...); word != "" {
			control.Message = strings.TrimPrefix(control.Message+", "+word, ", ")
		}
	}
	say(object.Object, "status", "sync", "status")
	say(object.Object, "status", "health", "status")
	control.Ready = control.Message == "Synced, Healthy"
	say(object.Object, "status", "health", "message")
	say(object.Object, "status", "operationState", "message")
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, condition := range conditions {
		if condition, ok := condition.(map[string]any); ok {
			say(condition, "message")
		}
	}
	return control
}

// keepsKey reports whether syncs of the Application leave the satellite's key alone: the chart, rendered without the cluster,
// makes a new one each time. JQ expressions are trusted.
func keepsKey(application *unstructured.Unstructured, secret, field string) bool {
	options, _, _ := unstructured.NestedStringSlice(application.Object, "spec", "syncPolicy", "syncOptions")
	ignored, _, _ := unstructured.NestedSlice(application.Object, "spec", "ignoreDifferences")
	return slices.Contains(options, "RespectIgnoreDifferences=true") && slices.ContainsFunc(ignored, func(entry any) bool {
		of, _ := entry.(map[string]any)
		group, _, _ := unstructured.NestedString(of, "group")
		kind, _, _ := unstructured.NestedString(of, "kind")
		name, _, _ := unstructured.NestedString(of, "name")
		pointers, _, _ := unstructured.NestedStringSlice(of, "jsonPointers")
		expressions, _, _ := unstructured.NestedStringSlice(of, "jqPathExpressions")
		return (group == "" || group == "*") && (kind == "Secret" || kind == "*") && (name == "" || name == secret) &&
			(slices.Contains(pointers, "/data/"+field) || slices.Contains(pointers, "/data") || len(expressions) > 0)
	})
}
