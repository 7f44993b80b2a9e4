// Package charts contains the lab's own small charts, with the resource names and values of
// Coder's, and writes them as a Helm repository.
package charts

import (
	"embed"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/repo"
)

//go:embed all:coder all:workspace-provider
var files embed.FS

// LegacyVersion is a version of the legacy chart from before resource policies.
const LegacyVersion = "1.20.0"

// Load returns the chart "coder" or "workspace-provider" in a version.
func Load(name, version string) (*chart.Chart, error) {
	parsed, err := semver.NewVersion(version)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %q is not a version: %w", name, version, err)
	}
	var buffered []*loader.BufferedFile
	err = fs.WalkDir(files, name, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "Chart.yaml") {
			data = []byte(strings.ReplaceAll(string(data), "0.0.0", parsed.String()) + kubeVersion(name, parsed))
		}
		buffered = append(buffered, &loader.BufferedFile{Name: strings.TrimPrefix(path, name+"/"), Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", name, err)
	}
	return loader.LoadFiles(buffered)
}

// kubeVersion is the cluster version that Coder's chart requires from v1.22 on.
func kubeVersion(name string, version *semver.Version) string {
	if name == "coder" && !version.LessThan(semver.New(1, 22, 0, "", "")) {
		return "kubeVersion: \">= 1.19.0-0\"\n"
	}
	return ""
}

// Write writes a repository of all charts to dir, with its index for url, and each chart unpacked
// next to it.
func Write(dir, url, primaryVersion string) error {
	wanted := map[string][]string{
		"coder":              {"1.21.7", "1.22.3", "1.44.3"},
		"workspace-provider": {LegacyVersion, "1.21.4"},
	}
	primaryVersion = strings.TrimPrefix(primaryVersion, "v") // a primary may report it with a v
	if !slices.Contains(wanted["coder"], primaryVersion) {
		wanted["coder"] = append(wanted["coder"], primaryVersion)
	}
	for name, versions := range wanted {
		for _, version := range versions {
			c, err := Load(name, version)
			if err != nil {
				return err
			}
			if _, err := chartutil.Save(c, dir); err != nil {
				return err
			}
			if err := chartutil.SaveDir(c, filepath.Join(dir, version)); err != nil {
				return err
			}
		}
	}
	index, err := repo.IndexDirectory(dir, url)
	if err != nil {
		return err
	}
	index.SortEntries()
	return index.WriteFile(filepath.Join(dir, "index.yaml"), 0o644)
}
