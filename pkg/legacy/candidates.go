package legacy

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/chartutil"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Where the provider's release may be, the likeliest place first.
const (
	inLedger = iota // the release that the ledger lists
	nearby          // the provider's namespace
	elsewhere
	places
)

// candidates are the releases that envproxy Deployments claim to belong to, by their places, and what is wrong with the
// Deployments that cannot be trusted: those of all namespaces or, if that is forbidden, of the likely one. The ledger's
// release is a candidate with or without an envproxy.
func (s *search) candidates(ctx context.Context) (found [places][]Release, unfit []string, err error) {
	likely, ledger := s.hint.Namespace, s.hint.Ledger
	if ledger != nil {
		likely = ledger.Namespace
		found[inLedger] = []Release{{Context: s.access.Context, Namespace: ledger.Namespace, Name: ledger.Release, Ledger: ledger}}
	}
	s.found.Searched = inNamespace("")
	deployments, err := s.envproxies(ctx, "")
	if apierrors.IsForbidden(err) && likely != "" {
		s.found.Searched = inNamespace(likely) + " (you may not list all)"
		deployments, err = s.envproxies(ctx, likely)
	}
	for _, deployment := range deployments {
		release, problem := claimed(deployment)
		if problem != "" {
			unfit = append(unfit, fmt.Sprintf("Deployment %s/%s %s", deployment.Namespace, deployment.Name, problem))
			continue
		}
		release.Context = s.access.Context
		known := s.claims[release.String()]
		s.claims[release.String()] = append(known, deployment)
		switch {
		case isOf(ledger, release):
			found[inLedger][0].Driver = release.Driver
		case len(known) > 0:
		case release.Namespace == s.hint.Namespace:
			found[nearby] = append(found[nearby], release)
		case release.Rendered(): // without a record, nothing else says whose it is: it may be the primary's
			unfit = append(unfit, fmt.Sprintf("Deployment %s/%s of Argo CD's Application %s is not in the provider's namespace", deployment.Namespace, deployment.Name, release.Name))
		default:
			found[elsewhere] = append(found[elsewhere], release)
		}
	}
	return found, unfit, err
}

// envproxies lists the metadata of the envproxy Deployments: anybody may make some, of any size.
func (s Site) envproxies(ctx context.Context, namespace string) ([]metav1.PartialObjectMetadata, error) {
	return s.list(ctx, appsv1.SchemeGroupVersion.WithResource("deployments"), namespace, labelEnvproxy+"="+envproxy, "envproxy Deployments")
}

// claimed returns the release that a Deployment claims to belong to, or what is wrong with the claim. Anybody who may
// create a Deployment writes these annotations.
func claimed(deployment metav1.PartialObjectMetadata) (release Release, problem string) {
	name, namespace := deployment.Annotations[annotationRelease], deployment.Annotations[annotationNamespace]
	owner := gitops.OwnerOf(deployment.Labels, deployment.Annotations)
	switch {
	case name == "" && owner.Tool == gitops.ArgoCD && chartutil.ValidateReleaseName(owner.Name) == nil:
		return Release{Namespace: deployment.Namespace, Name: owner.Name, Driver: driverNone}, ""
	case name == "" || namespace == "":
		return Release{}, "belongs to no Helm release: it has no annotation " + annotationRelease
	case chartutil.ValidateReleaseName(name) != nil:
		return Release{}, fmt.Sprintf("belongs to no Helm release: its annotation %s is %.60q, not a release name", annotationRelease, name)
	case len(validation.IsDNS1123Label(namespace)) > 0:
		return Release{}, fmt.Sprintf("belongs to no Helm release: its annotation %s is %.60q, not a namespace name", annotationNamespace, namespace)
	case namespace != deployment.Namespace:
		return Release{}, fmt.Sprintf("says that it belongs to a Helm release of namespace %s, where it is not", namespace)
	default:
		return Release{Namespace: namespace, Name: name}, ""
	}
}

func isOf(ledger *journal.Ledger, release Release) bool {
	return ledger != nil && ledger.Namespace == release.Namespace && ledger.Release == release.Name
}
