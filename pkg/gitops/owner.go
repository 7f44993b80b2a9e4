// Package gitops determines which GitOps controller owns a release, suspends Flux's reconciliation of it, and knows how Argo
// CD marks objects.
package gitops

import (
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// Tool is a GitOps controller.
type Tool string

// Tools that own releases.
const (
	Flux   Tool = "Flux"
	ArgoCD Tool = "Argo CD"
)

// What the controllers write on the objects that they apply: Flux in helm-controller's post-renderer
// (internal/postrender), Argo CD as docs/user-guide/resource_tracking.md says.
const (
	fluxName      = "helm.toolkit.fluxcd.io/name"
	fluxNamespace = "helm.toolkit.fluxcd.io/namespace"

	// Tracking names an object's Application. Argo CD's label, its default before 3.0, is not looked at: many charts set it, too.
	Tracking = "argocd.argoproj.io/tracking-id"
)

// Owner is the HelmRelease of Flux or the Application of Argo CD that owns a release. The zero value means none.
type Owner struct {
	Tool            Tool
	Namespace, Name string // the namespace is empty if Argo CD does not state it
}

// OwnerOf returns the owner that the labels and annotations of a release's object name.
func OwnerOf(labels, annotations map[string]string) Owner {
	if name := labels[fluxName]; name != "" {
		return Owner{Flux, labels[fluxNamespace], name}
	}
	return tracked(annotations)
}

// Exists reports whether the release has an owner.
func (o Owner) Exists() bool { return o.Tool != "" }

// String returns, for example, "Flux's HelmRelease flux-system/envproxy".
func (o Owner) String() string {
	kind := "HelmRelease "
	if o.Tool == ArgoCD {
		kind = "Application "
	}
	return string(o.Tool) + "'s " + kind + o.path()
}

func (o Owner) path() string { return strings.TrimPrefix(o.Namespace+"/"+o.Name, "/") }

// DeleteCommand returns the command that deletes an Application, but not its objects.
func (o Owner) DeleteCommand() string {
	return shell.Join("argocd", "app", "delete", o.path(), "--cascade=false")
}

// UnmarkCommand returns the command that removes the owner's mark from a Deployment.
func (o Owner) UnmarkCommand(context, namespace, deployment string) string {
	words := []string{"label", "deployment", deployment, fluxName + "-", fluxNamespace + "-"}
	if o.Tool == ArgoCD {
		words = []string{"annotate", "deployment", deployment, Tracking + "-"}
	}
	return shell.Kubectl(context, append([]string{"--namespace", namespace}, words...)...)
}

// Command returns the command of the tool's CLI that suspends ("suspend") or resumes ("resume") Flux's reconciliation of the
// release in the kubeconfig context; or has what is in Git applied ("reconcile"), or all that the owner installed deleted ("delete").
func (o Owner) Command(verb, context string) string {
	if o.Tool == ArgoCD {
		return shell.Join("argocd", "app", strings.Replace(verb, "reconcile", "sync", 1), o.path())
	}
	return shell.Join("flux", "--context", context, "--namespace", o.Namespace, verb, "helmrelease", o.Name)
}

// Word returns the tool's name in a Fleet file: "flux" or "argocd".
func (t Tool) Word() string { return strings.ToLower(strings.ReplaceAll(string(t), " ", "")) }

// SyncOptions is the annotation by which an object tells Argo CD how to sync it (Argo CD, user-guide/sync-options.md).
const SyncOptions = "argocd.argoproj.io/sync-options"

// Retaining returns the sync options with those that keep Argo CD from pruning the object and from deleting it with its
// Application.
func Retaining(options string) string {
	for _, option := range []string{"Prune=false", "Delete=false"} {
		if !slices.ContainsFunc(strings.Split(options, ","), func(has string) bool { return strings.TrimSpace(has) == option }) {
			options = strings.TrimPrefix(options+","+option, ",")
		}
	}
	return options
}

// Tracks reports whether Argo CD counts an object, "Kind:namespace/name", as the Application's: by its tracking ID, which must
// be about the object itself.
func (o Owner) Tracks(object string, annotations map[string]string) bool {
	return tracked(annotations) == o && strings.HasSuffix(annotations[Tracking], "/"+object)
}

// tracked returns the owner in a tracking ID, "application:group/kind:namespace/name". An Application outside Argo CD's
// namespace is "namespace_application".
func tracked(annotations map[string]string) Owner {
	application, _, _ := strings.Cut(annotations[Tracking], ":")
	namespace, name, found := strings.Cut(application, "_")
	switch {
	case found:
		return Owner{ArgoCD, namespace, name}
	case application == "":
		return Owner{}
	}
	return Owner{Tool: ArgoCD, Name: application}
}
