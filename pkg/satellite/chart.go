package satellite

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/registry"
)

// ChartRef says where a chart is.
type ChartRef struct {
	Name    string // a chart in Repo, a folder, a .tgz file or an oci:// reference
	Repo    string // the URL of an HTTP repository; otherwise empty
	Version string // required of a folder or file too; empty for any
}

// Chart is a chart with the digest of its content.
type Chart struct {
	*chart.Chart
	Digest string // "sha256:<hex>" over the names and contents of its files
}

// LoadChart reads a chart from a folder, a .tgz file, an HTTP repository or an OCI registry, and keeps nothing on disk.
// A download ends with ctx, and after a minute. If a repository lacks the version, the error names versions that it has.
func LoadChart(ctx context.Context, ref ChartRef) (*Chart, error) {
	var loaded *chart.Chart
	var err error
	switch {
	case ref.Repo != "":
		loaded, err = download(ctx, ref, fromRepository)
	case registry.IsOCI(ref.Name):
		loaded, err = download(ctx, ref, fromRegistry)
	default:
		loaded, err = fromDisk(ref)
	}
	switch {
	case err != nil:
		return nil, err
	case loaded.Metadata.Deprecated:
		return nil, fmt.Errorf("chart %s %s is deprecated by its authors", loaded.Metadata.Name, loaded.Metadata.Version)
	case action.CheckDependencies(loaded, loaded.Metadata.Dependencies) != nil:
		return nil, fmt.Errorf("chart %s lacks charts that it depends on: run `helm dependency build %s`", loaded.Metadata.Name, ref.Name)
	}
	return &Chart{Chart: loaded, Digest: digest(loaded)}, nil
}

func fromDisk(ref ChartRef) (*chart.Chart, error) {
	loaded, err := loader.Load(ref.Name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("chart %q is neither a folder nor a file here: for a chart in a repository, also give its URL "+
			"(chart.repo in the Fleet, or --repo)", ref.Name)
	case err != nil:
		return nil, fmt.Errorf("chart %s cannot be loaded: %w", ref.Name, err)
	case ref.Version != "" && loaded.Metadata.Version != ref.Version:
		return nil, fmt.Errorf("chart %s has version %s, but %s is wanted: name the version with --chart-version",
			ref.Name, loaded.Metadata.Version, ref.Version)
	}
	return loaded, nil
}

// digest covers the files as they were read, in the order of their names.
func digest(c *chart.Chart) string {
	files := slices.Clone(c.Raw)
	slices.SortFunc(files, func(a, b *chart.File) int { return strings.Compare(a.Name, b.Name) })
	sum := sha256.New()
	for _, file := range files {
		_, _ = fmt.Fprintf(sum, "%s\x00%d\x00", filepath.ToSlash(file.Name), len(file.Data))
		_, _ = sum.Write(file.Data)
	}
	return fmt.Sprintf("sha256:%x", sum.Sum(nil))
}

// Compatible returns an error unless the chart supports a cluster of that version, like "v1.29.3".
func Compatible(c *Chart, serverVersion string) error {
	constraint := c.Metadata.KubeVersion
	if constraint == "" || chartutil.IsCompatibleRange(constraint, serverVersion) {
		return nil
	}
	return fmt.Errorf("chart %s %s supports Kubernetes %s, but the cluster has %s", c.Metadata.Name, c.Metadata.Version, constraint, serverVersion)
}

// own returns a copy for one run of Helm, since all regions share one loaded chart. Helm changes its chart: it drops
// dependencies that the values disable, and replaces the chart's values (Helm v3, pkg/chartutil/dependencies.go). It
// copies the values themselves.
func (c *Chart) own() *chart.Chart { return copyOfChart(c.Chart) }

func copyOfChart(c *chart.Chart) *chart.Chart {
	own := *c
	own.Metadata = new(*c.Metadata) // Helm's loader refuses charts without it, and empty dependencies
	own.Metadata.Dependencies = nil
	for _, dependency := range c.Metadata.Dependencies {
		own.Metadata.Dependencies = append(own.Metadata.Dependencies, new(*dependency))
	}
	dependencies := make([]*chart.Chart, len(c.Dependencies()))
	for i, dependency := range c.Dependencies() {
		dependencies[i] = copyOfChart(dependency)
	}
	own.SetDependencies(dependencies...)
	return &own
}
