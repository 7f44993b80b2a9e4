package fleet

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// resolve fills in defaults, makes paths relative to the working directory, and validates. It returns the fleet or all its
// problems. sets are values of Helm's --set flags; accessURL requires an access URL of every satellite.
func resolve(in v1alpha1.Fleet, folder string, sets values.Options, accessURL bool, p *problems) (*Fleet, error) {
	fleet := &Fleet{
		CoderURL:    coder.NormalURL(in.Coder.URL),
		CAFile:      inFolder(folder, in.Coder.CAFile),
		MaxParallel: cmp.Or(in.Rollout.MaxParallel, DefaultMaxParallel),
		MaxFailures: in.Rollout.MaxFailures,
	}
	for _, declared := range in.Regions {
		fleet.Regions = append(fleet.Regions, regionOf(in, declared, folder, sets))
	}
	if in.Rollout.Home != "" {
		fleet.Home = Home{Context: in.Rollout.Home, Namespace: cmp.Or(in.Defaults.Namespace, DefaultNamespace)}
	}
	v := &validator{problems: p, in: in, out: fleet, folder: folder, accessURL: accessURL}
	v.validate()
	fleet.Waves = v.waves()
	if err := p.err(); err != nil {
		return nil, err
	}
	if len(fleet.Waves) == 0 {
		fleet.Waves, fleet.byDefault = fleet.defaultWaves(), true
	}
	fleet.completeWaves()
	return fleet, nil
}

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

// isLocalChart reports whether name is a path. A bare word names a chart in a repository even if a folder has that name:
// a command means the same in every directory.
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

// defaultWaves puts the first region into a wave of its own: a mistake in what all regions share then affects one region.
func (f *Fleet) defaultWaves() []Wave {
	names := RegionNames(f.Regions)
	waves := []Wave{{Name: "1", Regions: names, MaxParallel: f.MaxParallel}}
	if len(names) > 1 {
		waves[0].Regions = names[:1]
		waves = append(waves, Wave{Name: "2", Regions: names[1:], MaxParallel: f.MaxParallel})
	}
	return waves
}

// completeWaves gives the waves all their regions.
func (f *Fleet) completeWaves() {
	for i, wave := range f.Waves {
		f.Waves[i].All = slices.DeleteFunc(slices.Clone(f.Regions), func(region Region) bool { return !slices.Contains(wave.Regions, region.Name) })
	}
}

// RegionNames returns their names, in their order.
func RegionNames(regions []Region) []string {
	names := make([]string, 0, len(regions))
	for _, region := range regions {
		names = append(names, region.Name)
	}
	return names
}

type declaration struct {
	v1alpha1.RegionProvider
	owner    string // the path of its item in `providers`, or of the region; the paths of its context and canary begin with it
	namePath string // the path of its name
}

// declarations returns the providers of the region at that path. It is the only place that knows the short form.
func declarations(at string, region v1alpha1.Region) []declaration {
	if len(region.Providers) == 0 {
		one := v1alpha1.RegionProvider{Name: region.Provider, Context: region.Context, Canary: region.Canary}
		return []declaration{{RegionProvider: one, owner: at, namePath: at + ".provider"}}
	}
	var all []declaration
	for i, provider := range region.Providers {
		provider.Context = cmp.Or(provider.Context, region.Context)
		owner := fmt.Sprintf("%s.providers[%d]", at, i)
		all = append(all, declaration{RegionProvider: provider, owner: owner, namePath: owner + ".name"})
	}
	return all
}

func regionOf(in v1alpha1.Fleet, declared v1alpha1.Region, folder string, sets values.Options) Region {
	region := Region{Name: declared.Name, Labels: declared.Labels}
	for _, provider := range declarations("", declared) {
		canary := cmp.Or(provider.Canary.Workspace, CanaryAuto)
		region.Providers = append(region.Providers, Provider{Name: provider.Name, Context: provider.Context, Canary: canary})
	}
	if declared.Satellite.ManagedBy == SatelliteNone {
		return region
	}
	region.Satellite = Satellite{
		Context:    declared.Context,
		Namespace:  cmp.Or(declared.Namespace, in.Defaults.Namespace, DefaultNamespace),
		Release:    cmp.Or(declared.Release, in.Defaults.Release, DefaultRelease),
		AccessURL:  coder.NormalURL(declared.AccessURL),
		UnifiedURL: coder.NormalURL(in.UnifiedURL),
		ConnectTo:  declared.ConnectTo,
		Sets:       sets,
		Chart:      chartOf(in.Chart, folder),
		ManagedBy:  declared.Satellite.ManagedBy,
	}
	for _, file := range slices.Concat(in.Defaults.Values, declared.Values) {
		region.Satellite.ValueFiles = append(region.Satellite.ValueFiles, inFolder(folder, file))
	}
	return region
}
