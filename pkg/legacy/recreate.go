package legacy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"helm.sh/helm/v3/pkg/releaseutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// RecreateObjects creates the objects of the release's backup that do not exist, as Helm would, annotated to be kept. It
// leaves existing objects alone, and returns those that it created. The error names those that it could not create: in
// another namespace than the release's, or in an API version that the cluster does not serve.
func (h Handle) RecreateObjects(ctx context.Context) ([]ObjectRef, error) {
	b, err := h.latestBackup(ctx)
	if err != nil {
		return nil, err
	}
	h.Driver = b.original.Driver
	return h.recreate(ctx, *b)
}

// recreate creates the missing objects of the record in Helm's order: what others need comes first.
func (h Handle) recreate(ctx context.Context, from held) (created []ObjectRef, err error) {
	found, err := h.lookAt(ctx, from)
	if err != nil {
		return nil, err
	}
	rank := func(l live) uint { return uint(slices.Index(releaseutil.InstallOrder, l.Kind)) } // unknown kinds, at -1, are last
	slices.SortStableFunc(found, func(a, b live) int { return cmp.Compare(rank(a), rank(b)) })
	var errs []error
	for _, l := range found {
		switch {
		case l.object != nil && l.object.DeletionTimestamp != nil:
			errs = append(errs, fmt.Errorf("%s %s is still being deleted: repeat this when it is gone", l, inNamespace(l.Namespace)))
		case l.object != nil:
		case l.mapping != nil && l.namespace() != "" && l.namespace() != h.Namespace:
			errs = append(errs, fmt.Errorf("%s is in namespace %s, not in the release's: it was not created again", l, l.namespace()))
		case l.mapping == nil || !l.served && l.mapping.GroupVersionKind.Group != schema.FromAPIVersionAndKind(l.APIVersion, l.Kind).Group:
			errs = append(errs, fmt.Errorf("%s is in %s, which this cluster does not serve: it was not created again", l, l.APIVersion))
		default:
			if err := h.create(ctx, l); err != nil {
				errs = append(errs, err)
			} else {
				created = append(created, l.ObjectRef)
			}
		}
	}
	return created, joined(errs)
}

// create creates one object, with the marks of Helm's ownership if Helm had it (Helm v3, pkg/action/validate.go).
func (h Handle) create(ctx context.Context, l live) error {
	object := (&unstructured.Unstructured{Object: l.content}).DeepCopy()
	object.SetGroupVersionKind(l.mapping.GroupVersionKind)
	object.SetNamespace(l.namespace())
	labels, annotations := map[string]string{}, map[string]string{}
	maps.Copy(labels, object.GetLabels())
	maps.Copy(annotations, object.GetAnnotations())
	if !h.Rendered() {
		labels[labelManagedBy] = "Helm"
		annotations[annotationRelease], annotations[annotationNamespace] = h.Name, h.Namespace
	}
	maps.Copy(annotations, h.lacking(annotations))
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
	objects := h.access.Dynamic().Resource(l.mapping.Resource).Namespace(l.namespace())
	_, err := objects.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s %s cannot be created again: %w", l, inNamespace(l.Namespace), err)
	}
	return nil
}
