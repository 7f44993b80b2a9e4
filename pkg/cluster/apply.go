package cluster

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Apply applies YAML documents, separated by "---" lines, as `kubectl apply --server-side` does, and calls applied with the
// name of each, such as "Job ns/name". It ends with the first error. The kinds must form their plurals regularly.
func (a *Access) Apply(ctx context.Context, documents string, applied func(name string)) error {
	for document := range strings.SplitSeq(documents, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return err
		}
		if object.Object == nil { // comments only
			continue
		}
		kind, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
		name := object.GetKind() + " " + strings.TrimPrefix(object.GetNamespace()+"/"+object.GetName(), "/")
		_, err := a.Dynamic().Resource(kind).Namespace(object.GetNamespace()).Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: a.FieldManager()})
		if err != nil {
			return fmt.Errorf("%s was not applied: %w", name, err)
		}
		applied(name)
	}
	return nil
}
