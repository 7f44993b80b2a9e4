// Package gitops determines which GitOps controller owns a Helm release, and suspends Flux's reconciliation of it.
package gitops

import (
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
	argoTracking  = "argocd.argoproj.io/tracking-id"
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
	// "application:group/kind:namespace/name"; an Application outside Argo CD's namespace is "namespace_application".
	application, _, _ := strings.Cut(annotations[argoTracking], ":")
	namespace, name, found := strings.Cut(application, "_")
	switch {
	case found:
		return Owner{ArgoCD, namespace, name}
	case application != "":
		return Owner{Tool: ArgoCD, Name: application}
	}
	return Owner{}
}

// Exists reports whether the release has an owner.
func (o Owner) Exists() bool { return o.Tool != "" }

// String returns, for example, "Flux's HelmRelease flux-system/envproxy".
func (o Owner) String() string {
	kind, name := "HelmRelease ", o.Name
	if o.Tool == ArgoCD {
		kind = "Application "
	}
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return string(o.Tool) + "'s " + kind + name
}

// Command returns the command of Flux's CLI that suspends ("suspend") or resumes ("resume") the reconciliation of the release
// in the kubeconfig context.
func (o Owner) Command(verb, context string) string {
	return shell.Join("flux", "--context", context, "--namespace", o.Namespace, verb, "helmrelease", o.Name)
}
