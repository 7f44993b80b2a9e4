package satellite

import (
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Kinds returns the kinds of the objects that the chart makes with the spec's
// values in a cluster of that version, like "v1.29.3", or of any if it is
// empty; each once. The chart is rendered without the cluster, so that what
// templates look up there is absent.
func (r Release) Kinds(spec Spec, c *Chart, serverVersion string) ([]schema.GroupKind, error) {
	a := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	a.Namespace, a.ReleaseName = r.namespace, r.name
	a.ClientOnly, a.DryRun, a.Replace = true, true, true
	if version, err := chartutil.ParseKubeVersion(serverVersion); err == nil {
		a.KubeVersion = version
	}
	rendered, err := a.Run(c.own(), copyOf(spec.Values))
	if err != nil {
		return nil, fmt.Errorf("chart %s %s cannot be rendered with these values: %w",
			c.Metadata.Name, c.Metadata.Version, spec.withoutValues(err))
	}
	manifest := rendered.Manifest
	for _, hook := range rendered.Hooks {
		manifest += "\n---\n" + hook.Manifest
	}
	return kindsOf(manifest)
}

// kindsOf returns the kinds of a manifest's objects, each once, sorted.
func kindsOf(manifest string) ([]schema.GroupKind, error) {
	var kinds []schema.GroupKind
	for _, document := range releaseutil.SplitManifests(manifest) {
		var object struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("the chart's manifest is not YAML: %w", err)
		}
		kind := schema.FromAPIVersionAndKind(object.APIVersion, object.Kind).GroupKind()
		if kind.Kind != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	return kinds, nil
}
