package satellite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	Name    string // a chart's name in Repo, a folder, a .tgz file or an oci:// reference
	Repo    string // the URL of an HTTP repository; empty for anything else
	Version string // a folder or file must agree with it
}

// Chart is a chart with the digest of its content.
type Chart struct {
	*chart.Chart
	Digest string // "sha256:<hex>" over the names and contents of its files
}

// LoadChart reads a chart from a folder, a .tgz file, an HTTP repository or an
// OCI registry. Nothing is kept on disk. A chart without templates for
// satellites is an error, and so is a version that the repository lacks; that
// error names versions that it has. A download ends with ctx, and after a minute.
func LoadChart(ctx context.Context, ref ChartRef) (*Chart, error) {
	loaded, err := load(ctx, ref)
	if err != nil {
		return nil, err
	}
	switch {
	case loaded.Metadata == nil || loaded.Metadata.Name == "":
		return nil, fmt.Errorf("chart %s has no name", ref.Name)
	case loaded.Metadata.Deprecated:
		return nil, fmt.Errorf("chart %s %s is deprecated by its authors", loaded.Metadata.Name, loaded.Metadata.Version)
	case action.CheckDependencies(loaded, loaded.Metadata.Dependencies) != nil:
		return nil, fmt.Errorf("chart %s lacks charts that it depends on: run `helm dependency build %s`", loaded.Metadata.Name, ref.Name)
	}
	return &Chart{Chart: loaded, Digest: digest(loaded)}, nil
}

func load(ctx context.Context, ref ChartRef) (*chart.Chart, error) {
	switch {
	case ref.Repo != "":
		return download(ctx, ref, fromRepository)
	case registry.IsOCI(ref.Name):
		return download(ctx, ref, fromRegistry)
	default:
		return fromDisk(ref)
	}
}

func fromDisk(ref ChartRef) (*chart.Chart, error) {
	loaded, err := loader.Load(ref.Name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("chart %q is neither a folder nor a file here: for a chart in a repository give its URL too (chart.repo in the "+
			"Fleet, or --repo)", ref.Name)
	case err != nil:
		return nil, fmt.Errorf("chart %s cannot be loaded: %w", ref.Name, err)
	case ref.Version != "" && loaded.Metadata.Version != ref.Version:
		return nil, fmt.Errorf("chart %s has version %s, but %s is wanted: name the one that you mean with --chart-version",
			ref.Name, loaded.Metadata.Version, ref.Version)
	}
	return loaded, nil
}

// digest is over the files as they were read, in the order of their names.
func digest(c *chart.Chart) string {
	files := slices.Clone(c.Raw)
	slices.SortFunc(files, func(a, b *chart.File) int { return strings.Compare(a.Name, b.Name) })
	sum := sha256.New()
	for _, file := range files {
		_, _ = fmt.Fprintf(sum, "%s\x00%d\x00", filepath.ToSlash(file.Name), len(file.Data))
		_, _ = sum.Write(file.Data)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Compatible returns nil if the chart takes a cluster of that version, like
// "v1.29.3", and else an error that says which it takes.
func Compatible(c *Chart, serverVersion string) error {
	constraint := c.Metadata.KubeVersion
	if constraint == "" || chartutil.IsCompatibleRange(constraint, serverVersion) {
		return nil
	}
	return fmt.Errorf("chart %s %s takes Kubernetes %s, but the cluster has %s",
		c.Metadata.Name, c.Metadata.Version, constraint, serverVersion)
}

// own returns a copy for one run of Helm. Helm changes the chart that it is
// given: it drops dependencies that these values disable, and replaces its values (Helm
// v3, pkg/chartutil/dependencies.go). One chart is loaded for all regions.
// It copies the values that it is given, and those of the chart, by itself.
func (c *Chart) own() *chart.Chart { return copyOfChart(c.Chart) }

func copyOfChart(c *chart.Chart) *chart.Chart {
	own := *c
	if c.Metadata != nil {
		metadata := *c.Metadata
		metadata.Dependencies = nil
		for _, dependency := range c.Metadata.Dependencies {
			if dependency != nil {
				its := *dependency
				metadata.Dependencies = append(metadata.Dependencies, &its)
			}
		}
		own.Metadata = &metadata
	}
	dependencies := make([]*chart.Chart, len(c.Dependencies()))
	for i, dependency := range c.Dependencies() {
		dependencies[i] = copyOfChart(dependency)
	}
	own.SetDependencies(dependencies...)
	return &own
}
