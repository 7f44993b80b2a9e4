package satellite

import (
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Kinds returns the kinds of the objects that the chart makes with the spec's values in a cluster of that version, like
// "v1.29.3", or of any if it is empty. It renders without the cluster: templates' look-ups find nothing.
func (r Release) Kinds(spec Spec, c *Chart, serverVersion string) ([]schema.GroupKind, error) {
	manifest, err := r.manifest(spec, c, serverVersion)
	if err != nil {
		return nil, err
	}
	return kindsOf(manifest)
}

// manifest renders the chart without the cluster, hooks included.
func (r Release) manifest(spec Spec, c *Chart, serverVersion string) (string, error) {
	a := r.installation(&action.Configuration{Log: func(string, ...any) {}})
	a.ClientOnly, a.DryRun = true, true
	if version, err := chartutil.ParseKubeVersion(serverVersion); err == nil {
		a.KubeVersion = version
	}
	rendered, err := a.Run(c.own(), spec.Values)
	if err != nil {
		return "", spec.notRendered(c, err)
	}
	manifest := rendered.Manifest
	for _, hook := range rendered.Hooks {
		manifest += "\n---\n" + hook.Manifest
	}
	return manifest, nil
}

// kindsOf returns the kinds of a manifest's objects, each once, sorted.
func kindsOf(manifest string) ([]schema.GroupKind, error) {
	objects, err := objectsOf(manifest)
	if err != nil {
		return nil, err
	}
	var kinds []schema.GroupKind
	for _, object := range objects {
		kind := object.GroupVersionKind().GroupKind()
		if kind.Kind != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	return kinds, nil
}

// objectsOf returns the objects of a manifest, with lists as they are.
func objectsOf(manifest string) ([]unstructured.Unstructured, error) {
	var objects []unstructured.Unstructured
	for _, document := range releaseutil.SplitManifests(manifest) {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("the chart's manifest is not YAML: %w", err)
		}
		if len(object) > 0 {
			objects = append(objects, unstructured.Unstructured{Object: object})
		}
	}
	return objects, nil
}

// objectIn returns the object of that kind and name in a manifest that Helm has already parsed; nil if there is none.
func objectIn[T any](manifest, kind, name string) *T {
	objects, _ := objectsOf(manifest)
	for _, object := range objects {
		found := new(T)
		if object.GetKind() == kind && object.GetName() == name && runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, found) == nil {
			return found
		}
	}
	return nil
}
