package satellite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
)

// Rendering is what applying a spec would change.
type Rendering struct {
	// Diff is a unified diff of the manifest, without any Secret's data.
	Diff string
	// Objects say per object what would happen, "create Deployment coderd".
	Objects []string
}

// Render says what Apply would change. Helm renders against the cluster, so
// that the templates' look-ups find what is there, but writes nothing, not even
// as a dry run of the API server.
func (r Release) Render(spec Spec, c *Chart, state State) (Rendering, error) {
	before := ""
	if state.Installed {
		configuration, err := r.helm()
		if err != nil {
			return Rendering{}, err
		}
		get := action.NewGet(configuration)
		get.Version = state.Revision
		current, err := get.Run(r.name)
		if err != nil {
			return Rendering{}, fmt.Errorf("revision %d of release %s cannot be read: %w", state.Revision, r, err)
		}
		before = current.Manifest
	}
	configuration, err := r.helm()
	if err != nil {
		return Rendering{}, err
	}
	var rendered *release.Release
	if state.Installed && state.Pending == nil {
		a := action.NewUpgrade(configuration)
		a.Namespace, a.DryRun, a.DryRunOption, a.ResetValues = r.namespace, true, "server", true
		rendered, err = a.Run(r.name, c.own(), copyOf(spec.Values))
	} else {
		a := action.NewInstall(configuration)
		a.Namespace, a.ReleaseName, a.DryRun, a.DryRunOption, a.Replace = r.namespace, r.name, true, "server", true
		a.IsUpgrade = state.Installed // a pending upgrade is rendered as one
		rendered, err = a.Run(c.own(), copyOf(spec.Values))
	}
	if err != nil {
		return Rendering{}, fmt.Errorf("chart %s %s cannot be rendered with these values: %w",
			c.Metadata.Name, c.Metadata.Version, spec.withoutValues(err))
	}
	rendering, err := compare(before, rendered.Manifest)
	return rendering, spec.withoutValues(err)
}

// compare compares two manifests object by object.
func compare(before, after string) (Rendering, error) {
	old, err := redactedObjects(before)
	if err != nil {
		return Rendering{}, err
	}
	now, err := redactedObjects(after)
	if err != nil {
		return Rendering{}, err
	}
	names := maps.Clone(old)
	maps.Copy(names, now)
	var (
		result Rendering
		diff   strings.Builder
	)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if old[name] == now[name] {
			continue
		}
		result.Objects = append(result.Objects, fate(name, old, now)+" "+name)
		text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
			A: lines(old[name]), B: lines(now[name]), FromFile: name + " (now)", ToFile: name + " (planned)", Context: 3,
		})
		if err != nil {
			return Rendering{}, err
		}
		diff.WriteString(text)
	}
	result.Diff = diff.String()
	return result, nil
}

// fate says what happens to an object that is not the same before and after.
func fate(name string, before, after map[string]string) string {
	if _, there := before[name]; !there {
		return "create"
	}
	if _, there := after[name]; !there {
		return "delete"
	}
	return "change"
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return difflib.SplitLines(strings.TrimSuffix(text, "\n"))
}
