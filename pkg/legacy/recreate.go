package legacy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/releaseutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// RecreateObjects creates the objects of the release's backup that do not
// exist, as Helm would, annotated to be kept. Objects that exist are left as they
// are. It returns those that it created; the error names those that it could not:
// in another namespace than the release's, or in an API version that the cluster
// does not serve.
func (h Handle) RecreateObjects(ctx context.Context) ([]ObjectRef, error) {
	b, err := h.latestBackup(ctx)
	if err != nil {
		return nil, err
	}
	manifest, err := AnnotateManifest(b.record.Manifest)
	if err != nil {
		return nil, fmt.Errorf("the backup %s: %w", b, err)
	}
	return h.recreate(ctx, manifest)
}

// recreate creates the objects of the manifest that do not exist.
func (h Handle) recreate(ctx context.Context, manifest string) ([]ObjectRef, error) {
	refs, err := manifestObjects(manifest, h.Namespace)
	if err != nil {
		return nil, err
	}
	found, err := h.look(ctx, refs)
	if err != nil {
		return nil, err
	}
	contents, err := manifestContents(manifest)
	if err != nil {
		return nil, err
	}
	var (
		created []ObjectRef
		errs    []error
	)
	for _, i := range installOrder(refs) {
		l := found[i]
		switch {
		case l.object != nil && l.object.DeletionTimestamp != nil:
			errs = append(errs, fmt.Errorf("%s %s is still being deleted: repeat this when it is gone", l.ref, inNamespace(l.ref.Namespace)))
			continue
		case l.object != nil:
			continue
		case l.mapping != nil && l.namespace() != "" && l.namespace() != h.Namespace:
			errs = append(errs, fmt.Errorf("%s is in namespace %s, not in the release's: it was not created again", l.ref, l.namespace()))
			continue
		case l.mapping == nil || !l.served && l.mapping.GroupVersionKind.Group != groupOf(l.ref.APIVersion):
			errs = append(errs, fmt.Errorf("%s is in %s, which this cluster does not serve: it was not created again", l.ref, l.ref.APIVersion))
			continue
		}
		if err := h.create(ctx, l, contents[i]); err != nil {
			errs = append(errs, err)
			continue
		}
		created = append(created, l.ref)
	}
	return created, joined(errs)
}

func groupOf(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}

// create creates one object with the marks of Helm's ownership (Helm v3, pkg/action/validate.go).
func (h Handle) create(ctx context.Context, l live, content map[string]any) error {
	object := &unstructured.Unstructured{Object: content}
	object.SetGroupVersionKind(l.mapping.GroupVersionKind)
	object.SetNamespace(l.namespace())
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[labelManagedBy] = "Helm"
	annotations[annotationRelease], annotations[annotationNamespace] = h.Name, h.Namespace
	annotations[annotationPolicy] = policyKeep
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
	objects := h.access.Dynamic().Resource(l.mapping.Resource).Namespace(l.namespace())
	_, err := objects.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s %s cannot be created again: %w", l.ref, inNamespace(l.ref.Namespace), err)
	}
	return nil
}

// manifestContents returns the objects of a manifest, in the order of manifestObjects.
func manifestContents(manifest string) ([]map[string]any, error) {
	var contents []map[string]any
	var add func(object map[string]any)
	add = func(object map[string]any) {
		kind, _ := object["kind"].(string)
		if items, ok := object["items"].([]any); ok && strings.HasSuffix(kind, "List") {
			for _, item := range items {
				if content, ok := item.(map[string]any); ok {
					add(content)
				}
			}
			return
		}
		contents = append(contents, object)
	}
	for _, d := range splitManifest(manifest) {
		text, err := yaml.YAMLToJSON([]byte(d.body))
		if err != nil {
			return nil, fmt.Errorf("%s is not an object in YAML", d.source())
		}
		if string(text) == "null" {
			continue
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(text); err != nil {
			return nil, fmt.Errorf("%s is not an object in YAML", d.source())
		}
		add(object.Object)
	}
	return contents, nil
}

// installOrder returns the places of the objects in the order in which Helm
// installs: what others need comes first.
func installOrder(refs []ObjectRef) []int {
	rank := func(i int) int {
		if at := slices.Index(releaseutil.InstallOrder, refs[i].Kind); at >= 0 {
			return at
		}
		return len(releaseutil.InstallOrder)
	}
	order := make([]int, len(refs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rank(a) - rank(b) })
	return order
}
