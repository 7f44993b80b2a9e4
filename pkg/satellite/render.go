package satellite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
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
func Render(access *cluster.Access, spec Spec, c *Chart, state State) (Rendering, error) {
	configuration, err := access.Helm(spec.Namespace, nil)
	if err != nil {
		return Rendering{}, err
	}
	var (
		before   string
		rendered *release.Release
	)
	if state.Installed {
		get := action.NewGet(configuration)
		get.Version = state.Revision
		current, err := get.Run(spec.Release)
		if err != nil {
			return Rendering{}, fmt.Errorf("revision %d of release %s/%s cannot be read: %w", state.Revision, spec.Namespace, spec.Release, err)
		}
		before = current.Manifest
	}
	if configuration, err = access.Helm(spec.Namespace, nil); err != nil {
		return Rendering{}, err
	}
	if state.Installed && state.Pending == nil {
		a := action.NewUpgrade(configuration)
		a.Namespace, a.DryRun, a.DryRunOption, a.ResetValues = spec.Namespace, true, "server", true
		rendered, err = a.Run(spec.Release, c.own(), copyOf(spec.Values))
	} else {
		a := action.NewInstall(configuration)
		a.Namespace, a.ReleaseName, a.DryRun, a.DryRunOption, a.Replace = spec.Namespace, spec.Release, true, "server", true
		a.IsUpgrade = state.Installed // a pending upgrade is rendered as one
		rendered, err = a.Run(c.own(), copyOf(spec.Values))
	}
	if err != nil {
		return Rendering{}, fmt.Errorf("chart %s %s cannot be rendered with these values: %w", c.Metadata.Name, c.Metadata.Version, spec.withoutValues(err))
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
	names := make([]string, 0, len(old)+len(now))
	for name := range old {
		names = append(names, name)
	}
	for name := range now {
		if _, ok := old[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var (
		result Rendering
		diff   strings.Builder
	)
	for _, name := range names {
		a, hadBefore := old[name]
		b, hasNow := now[name]
		if a == b {
			continue
		}
		action := "change"
		switch {
		case !hadBefore:
			action = "create"
		case !hasNow:
			action = "delete"
		}
		result.Objects = append(result.Objects, action+" "+name)
		text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
			A: lines(a), B: lines(b), FromFile: name + " (now)", ToFile: name + " (planned)", Context: 3,
		})
		if err != nil {
			return Rendering{}, err
		}
		diff.WriteString(text)
	}
	result.Diff = diff.String()
	return result, nil
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return difflib.SplitLines(strings.TrimSuffix(text, "\n"))
}
