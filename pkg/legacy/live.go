package legacy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientmetadata "k8s.io/client-go/metadata"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// live is an object of a manifest as the cluster has it.
type live struct {
	declared
	served  bool                          // whether the cluster serves the manifest's API version
	mapping *meta.RESTMapping             // how to reach the object, maybe in another API version; nil if it cannot be reached
	object  *metav1.PartialObjectMetadata // nil if the object does not exist
}

// lacking returns what an object's annotations lack to make it survive: the policy, which `helm upgrade` compares exactly
// (Helm v3, pkg/kube/client.go), and what keeps Argo CD from pruning it.
func (r Release) lacking(annotations map[string]string) map[string]string {
	wanted := map[string]string{annotationPolicy: policyKeep}
	if r.Rendered() {
		wanted[gitops.SyncOptions] = gitops.Retaining(annotations[gitops.SyncOptions])
		if annotations[annotationPolicy] != policyKeep {
			wanted[annotationPolicyAdded] = "true"
		}
	}
	maps.DeleteFunc(wanted, func(key, value string) bool { return annotations[key] == value })
	return wanted
}

// moved returns the present API group of a kind in a removed one (Kubernetes deprecation guide).
func moved(kind schema.GroupKind) schema.GroupKind {
	if kind.Group == "extensions" {
		switch kind.Kind {
		case "Ingress", "NetworkPolicy":
			kind.Group = "networking.k8s.io"
		case "Deployment", "DaemonSet", "ReplicaSet":
			kind.Group = "apps"
		}
	}
	return kind
}

// resolve finds how to reach an object, which may outlive the API version that it was made in.
func resolve(mapper meta.RESTMapper, d declared) (live, error) {
	version, err := schema.ParseGroupVersion(d.APIVersion)
	if err != nil {
		return live{}, fmt.Errorf("%s in the manifest has an invalid API version %q: %w", d, d.APIVersion, err)
	}
	kind := version.WithKind(d.Kind).GroupKind()
	mapping, err := mapper.RESTMapping(kind, version.Version)
	served := err == nil
	if meta.IsNoMatchError(err) {
		mapping, err = mapper.RESTMapping(kind)
	}
	if other := moved(kind); other != kind && meta.IsNoMatchError(err) {
		mapping, err = mapper.RESTMapping(other)
	}
	switch {
	case meta.IsNoMatchError(err):
		return live{declared: d}, nil
	case err != nil:
		return live{}, fmt.Errorf("the APIs that the cluster serves cannot be discovered: %w", err)
	}
	return live{declared: d, served: served, mapping: mapping}, nil
}

// namespace is where the object lives; empty for a cluster-wide object.
func (l live) namespace() string {
	if l.mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return ""
	}
	return l.Namespace
}

// foreign says why an existing object is not the release's own: it is in another namespace, or Helm's marks of ownership
// name another release (Helm v3, pkg/action/validate.go). Whoever wrote the record could name any object in the
// manifest. It is empty for an object that may be the release's.
func (l live) foreign(release Release) string {
	owner, space := l.object.Annotations[annotationRelease], l.object.Annotations[annotationNamespace]
	switch namespace := l.namespace(); {
	case namespace != "" && namespace != release.Namespace:
		return fmt.Sprintf("it is in namespace %s, not in the release's", namespace)
	case release.Rendered(): // Helm may have had it before, but then the Application's mark is there, too
		if taken := l.object.Annotations[gitops.Tracking] == "" && owner != ""; taken {
			return fmt.Sprintf("it belongs to Helm's release %.60q now", owner)
		}
		if now := gitops.OwnerOf(l.object.Labels, nil); now.Exists() {
			return fmt.Sprintf("it belongs to %.120s now", now)
		}
		return ""
	case owner != "" && owner != release.Name, (owner != "" || space != "") && space != release.Namespace:
		return fmt.Sprintf("it belongs to release %.60q of namespace %.60q now", owner, space)
	default:
		return ""
	}
}

func (s Site) client(l live) clientmetadata.ResourceInterface {
	return s.access.Metadata().Resource(l.mapping.Resource).Namespace(l.namespace())
}

// look reads the metadata of all the objects, a few at a time.
func (s Site) look(ctx context.Context, objects []declared) ([]live, error) {
	mapper, err := s.access.Mapper()
	if err != nil {
		return nil, err
	}
	found := make([]live, len(objects))
	for i, d := range objects { // one by one: the mapper discovers on demand
		if found[i], err = resolve(mapper, d); err != nil {
			return nil, err
		}
	}
	var group errgroup.Group // one look shares answers: no failure may cancel another's request
	group.SetLimit(atOnce)
	for i := range found {
		if found[i].mapping != nil {
			group.Go(func() error { return s.read(ctx, &found[i]) })
		}
	}
	return found, group.Wait()
}

// metadata reads the object; a Deployment whole, since the envproxy's status is needed too.
func (s Site) metadata(ctx context.Context, l live) (*metav1.PartialObjectMetadata, error) {
	if l.mapping.Resource != appsv1.SchemeGroupVersion.WithResource("deployments") {
		return s.client(l).Get(ctx, l.Name, metav1.GetOptions{})
	}
	deployment, err := s.deployment(ctx, l.namespace(), l.Name)
	if err != nil {
		return nil, err
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: deployment.ObjectMeta}, nil
}

func (s Site) read(ctx context.Context, l *live) error {
	object, err := s.metadata(ctx, *l)
	switch {
	case err == nil:
		l.object = object
	case apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) && apierrors.IsNotFound(err):
		l.served, l.mapping = false, nil // the cached discovery is older than the cluster
	case !apierrors.IsNotFound(err):
		return fmt.Errorf("%s %s cannot be read: %w", l, inNamespace(l.Namespace), err)
	}
	return nil
}

// annotate makes the live objects survive, a few at a time. It tries all, and joins the errors.
func (h Handle) annotate(ctx context.Context, objects []live) error {
	errs := make([]error, len(objects))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, l := range objects {
		group.Go(func() error {
			patch, _ := marshal(map[string]any{"metadata": map[string]any{"annotations": h.lacking(l.object.Annotations)}}) // strings can be written
			_, err := h.client(l).Patch(ctx, l.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
			if err != nil && !apierrors.IsNotFound(err) {
				errs[i] = fmt.Errorf("%s %s cannot be annotated with %s: %w", l, inNamespace(l.Namespace), annotationPolicy, err)
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return nil
	return joined(errs)
}

// joined joins errors on one line; nil if all are nil.
func joined(errs []error) error {
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	return redact.Reworded(err, strings.ReplaceAll(err.Error(), "\n", "; "))
}
