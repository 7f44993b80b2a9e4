package fleet

import (
	"cmp"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// resolve fills in the defaults, makes paths openable from the working
// directory, validates everything, and returns the fleet or all its problems. sets
// are values of Helm's --set flags, and accessURL is set when every satellite must have a URL.
func resolve(in v1alpha1.Fleet, folder string, sets values.Options, accessURL bool, p *problems) (*Fleet, error) {
	fleet := &Fleet{
		CoderURL:    coder.NormalURL(in.Coder.URL),
		CAFile:      inFolder(folder, in.Coder.CAFile),
		MaxParallel: cmp.Or(in.Rollout.MaxParallel, DefaultMaxParallel),
		MaxFailures: in.Rollout.MaxFailures,
		Waves:       in.Rollout.Waves,
	}
	for _, declared := range in.Regions {
		fleet.Regions = append(fleet.Regions, regionOf(in, declared, folder, sets))
	}
	(&validator{problems: p, in: in, out: fleet, folder: folder, accessURL: accessURL}).validate()
	if err := p.err(); err != nil {
		return nil, err
	}
	if len(fleet.Waves) == 0 {
		fleet.Waves = defaultWaves(fleet.Regions)
	}
	return fleet, nil
}

// chartOf fills in the chart's defaults and finds a local one beside the file.
func chartOf(chart v1alpha1.Chart, folder string) v1alpha1.Chart {
	if isLocalChart(chart.Name) {
		chart.Name = inFolder(folder, chart.Name)
		return chart
	}
	if isOCI(chart.Name) {
		return chart
	}
	chart.Name = cmp.Or(chart.Name, DefaultChartName)
	chart.Repo = cmp.Or(chart.Repo, DefaultChartRepo)
	return chart
}

// isLocalChart tells a path from a name in a repository. A bare word is a name
// whether or not a folder of that name is around, so that a command means the
// same wherever it is run.
func isLocalChart(name string) bool {
	return !isOCI(name) && (strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tgz"))
}

func isOCI(name string) bool { return strings.HasPrefix(name, "oci://") }

func inFolder(folder, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}
