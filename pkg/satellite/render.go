package satellite

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Rendering is what applying a spec would change.
type Rendering struct {
	Diff    string   // a unified diff of the manifest, without Secrets' data
	Objects []string // the fate of each, "create Deployment coderd"
}

// Render says what Apply would change. Helm renders against the cluster, so templates' look-ups work, but writes
// nothing, not even as a dry run of the API server.
func (r Release) Render(spec Spec, c *Chart, state State) (Rendering, error) {
	before := ""
	if state.Installed {
		current, err := r.revision(state.Revision)
		if err != nil {
			return Rendering{}, err
		}
		before = current.Manifest
	}
	configuration := r.helm()
	var err error
	if configuration.Capabilities, err = r.access.Capabilities(); err != nil {
		return Rendering{}, err
	}
	checked := checksFields(configuration.Capabilities.KubeVersion.Version)
	var rendered *release.Release
	if state.Installed && state.Pending == nil {
		a := r.upgrade(configuration)
		a.DryRun, a.DryRunOption, a.DisableOpenAPIValidation = true, "server", checked
		rendered, err = a.Run(r.name, c.own(), spec.Values)
	} else {
		a := r.installation(configuration)
		a.DryRun, a.DryRunOption, a.DisableOpenAPIValidation = true, "server", checked
		a.IsUpgrade = state.Installed // a pending upgrade is rendered as one
		rendered, err = a.Run(c.own(), spec.Values)
	}
	if err != nil {
		return Rendering{}, spec.notRendered(c, err)
	}
	rendering, err := compare(before, rendered.Manifest)
	return rendering, spec.withoutValues(err)
}

// checksFields reports whether API servers of the version check fields themselves. Helm then downloads the cluster's
// schema only to learn that, and checks nothing (k8s.io/kubectl, pkg/validation: paramVerifyingSchema).
func checksFields(serverVersion string) bool {
	return chartutil.IsCompatibleRange(">=1.25.0-0", serverVersion)
}

// compare compares two manifests object by object.
func compare(from, to string) (result Rendering, err error) {
	old, err := redactedObjects(from)
	if err != nil {
		return Rendering{}, err
	}
	now, err := redactedObjects(to)
	if err != nil {
		return Rendering{}, err
	}
	names := maps.Clone(old)
	maps.Copy(names, now)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, before := old[name]
		is, after := now[name]
		fate := "change "
		switch {
		case was == is:
			continue
		case !before:
			fate = "create "
		case !after:
			fate = "delete "
		}
		result.Objects = append(result.Objects, fate+name)
		result.Diff += udiff.Unified(name+" (now)", name+" (planned)", was, is)
	}
	return result, nil
}

// redactedObjects returns a manifest's objects by "Kind name", without secrets, and with lists flattened.
func redactedObjects(manifest string) (map[string]string, error) {
	documents, err := objectsOf(manifest)
	if err != nil {
		return nil, err
	}
	objects := map[string]string{}
	for _, object := range documents {
		redact.Object(object.Object)
		for _, item := range itemsOf(object) {
			text, err := yaml.Marshal(item.Object)
			if err != nil {
				return nil, err
			}
			objects[item.GetKind()+" "+item.GetName()] = string(text)
		}
	}
	return objects, nil
}

// itemsOf flattens a list and the lists in it; any other object stands alone. Items of a SecretList may lack their kind.
func itemsOf(object unstructured.Unstructured) (items []unstructured.Unstructured) {
	of, isList := strings.CutSuffix(object.GetKind(), "List")
	if !isList {
		return []unstructured.Unstructured{object}
	}
	err := object.EachListItem(func(entry runtime.Object) error {
		item := entry.(*unstructured.Unstructured)
		item.SetKind(cmp.Or(item.GetKind(), of))
		items = append(items, itemsOf(*item)...)
		return nil
	})
	if err != nil {
		return []unstructured.Unstructured{object}
	}
	return items
}
