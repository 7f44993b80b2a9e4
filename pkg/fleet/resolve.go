package fleet

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// requirements are what differs between the verbs.
type requirements struct {
	// accessURL is set when every satellite must have one.
	accessURL bool
	// sets are Helm --set values, which only flags can give.
	sets []string
}

// resolve fills in the defaults, makes paths openable from the working
// directory, validates everything, and returns the fleet or all its problems.
func resolve(in v1alpha1.Fleet, folder string, from origin, need requirements) (*Fleet, error) {
	p := &problems{origin: from}
	fleet := &Fleet{
		CoderURL:    coder.NormalURL(in.Coder.URL),
		CAFile:      inFolder(folder, in.Coder.CAFile),
		MaxParallel: in.Rollout.MaxParallel,
		MaxFailures: in.Rollout.MaxFailures,
	}
	if fleet.MaxParallel == 0 {
		fleet.MaxParallel = DefaultMaxParallel
	}
	chart := chartOf(in.Chart, folder)
	for _, declared := range in.Regions {
		region := regionOf(declared)
		if declared.Satellite != SatelliteNone {
			region.Satellite = satelliteOf(in, declared, folder)
			region.Satellite.Chart, region.Satellite.Sets = chart, slices.Clone(need.sets)
		}
		fleet.Regions = append(fleet.Regions, region)
	}
	validate(p, in, fleet, folder, need)
	if err := p.err(); err != nil {
		return nil, err
	}
	fleet.Waves = in.Rollout.Waves
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
	chart.Name = firstOf(chart.Name, DefaultChartName)
	chart.Repo = firstOf(chart.Repo, DefaultChartRepo)
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

func allInFolder(folder string, lists ...[]string) []string {
	var files []string
	for _, file := range slices.Concat(lists...) {
		files = append(files, inFolder(folder, file))
	}
	return files
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
