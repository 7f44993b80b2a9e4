package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Flags are the flags that describe a fleet.
type Flags struct {
	Filename string // a Fleet file, or Stdin; empty for a fleet made from flags
	// Regions and Exclude select regions of the file: names and patterns of path.Match, or lists of them with commas. No
	// Regions means all. Selector selects by label, as in kubectl.
	Regions, Exclude []string
	Selector, Wave   string // Wave selects the regions of the wave of that name
	// Shard is a part of the selected regions for one of several machines, INDEX/COUNT with an index from 0; empty for all. If
	// the verb Changes regions, they must be in one wave, or have a home.
	Shard          string
	Changes, Paced bool // a Paced verb waits for what waves ask, and keeps the rollout's state in its home; others ignore both

	Contexts             []string       // kubeconfig contexts, one region each; the caller fills in the current one
	AccessURL, ConnectTo string         // for one region only
	Satellite            string         // who installs it, SatelliteNone, or empty
	Providers            []string       // names or IDs of the one region's providers; with a file, a selection from its regions
	ProviderContexts     []string       // NAME=CONTEXT, for providers outside the satellite's cluster
	UnifiedURL           string         // the URL that all satellites serve in addition to their own
	Namespace, Release   string         // of the satellite's Helm release; empty for the defaults
	Canary               string         // a workspace's name, CanaryAuto or CanaryNone; empty for auto
	Chart, Repo          string         // of the satellite; empty for the defaults
	ChartVersion         string         // empty for the primary's
	ValueFiles           []string       // Helm's --values
	Sets                 values.Options // Helm's --set, --set-string, --set-file and --set-json

	CoderURL, CAFile string // of the primary; they override the file's
	MaxParallel      int    // overrides the file's if above 0
	MaxFailures      *int   // overrides the file's if not nil

	Further           []string // pairs of flag and value that every verb takes, only repeated in Region.Selector
	AccessURLOptional bool     // for verbs that never connect to the satellite
}

type given struct {
	name   string
	values []string
	one    bool // one value cannot serve several regions
}

// describing returns the flags that describe a region, in the order of a command line, and those that describe its chart.
func (f Flags) describing() (region, chart []given) {
	return []given{
			{name: "--context", values: f.Contexts}, {name: "--satellite", values: just(f.Satellite)},
			{name: "--namespace", values: just(f.Namespace)}, {name: "--release", values: just(f.Release)},
			{name: "--access-url", values: just(f.AccessURL), one: true}, {name: "--unified-url", values: just(f.UnifiedURL)},
			{name: "--provider", values: f.Providers, one: true}, {name: "--provider-context", values: f.ProviderContexts, one: true},
			{name: "--connect-to", values: just(f.ConnectTo), one: true}, {name: "--canary", values: just(f.Canary)},
		}, []given{
			{name: "--chart", values: just(f.Chart)}, {name: "--repo", values: just(f.Repo)},
			{name: "--chart-version", values: just(f.ChartVersion)}, {name: "--values", values: f.ValueFiles}, {name: "--set", values: f.Sets.Values},
			{name: "--set-string", values: f.Sets.StringValues}, {name: "--set-file", values: f.Sets.FileValues}, {name: "--set-json", values: f.Sets.JSONValues},
		}
}

func just(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// Load returns the fleet that the flags describe or, with a file, the file's fleet reduced to the selected regions. Mistakes
// of the user are joined *FieldError values.
func (f Flags) Load(stdin io.Reader) (*Fleet, error) {
	p, others, why := &problems{}, slices.Concat(f.describing()), "cannot be used with --filename; put it into the Fleet file"
	if f.Filename == "" {
		others = []given{
			{name: "--region", values: f.Regions}, {name: "--selector", values: just(f.Selector)}, {name: "--exclude", values: f.Exclude},
			{name: "--wave", values: just(f.Wave)}, {name: "--shard", values: just(f.Shard)},
		}
		why = "selects regions of a Fleet file; give one with --filename"
	}
	for _, flag := range others {
		if len(flag.values) > 0 && flag.name != "--provider" { // which is valid with and without a file
			p.addf(flag.name, "%s", why)
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if f.Filename == "" {
		return f.Fleet()
	}
	fleet, err := ReadFile(f.Filename, stdin)
	if err != nil {
		return nil, err
	}
	if err := f.override(fleet); err != nil {
		return nil, err
	}
	for i := range fleet.Regions {
		f.remember(&fleet.Regions[i], "")
	}
	if !f.Paced {
		fleet.Home = Home{}
		for i, wave := range fleet.Waves {
			fleet.Waves[i] = Wave{Name: wave.Name, Regions: wave.Regions, MaxParallel: wave.MaxParallel}
		}
	}
	if err := errors.Join(f.selectRegions(fleet), fleet.selectProviders(f.Providers)); err != nil {
		return fleet, err
	}
	for i, wave := range fleet.Waves {
		fleet.Waves[i].Flags = written([]given{{name: "--filename", values: just(f.Filename)}, {name: "--wave", values: just(wave.Name)}})
	}
	return fleet, f.takeShard(fleet)
}

// override applies the flags about the primary and the rollout to a fleet from a file.
func (f Flags) override(fleet *Fleet) error {
	p := &problems{}
	p.checkURL("coder.url", f.CoderURL)
	p.checkFile("coder.caFile", f.CAFile)
	fleet.CoderURL, fleet.CAFile = cmp.Or(coder.NormalURL(f.CoderURL), fleet.CoderURL), cmp.Or(f.CAFile, fleet.CAFile)
	p.addIf(f.MaxParallel < 0, "rollout.maxParallel", "is %d, must be 1 or more", f.MaxParallel)
	fleet.MaxParallel = cmp.Or(f.MaxParallel, fleet.MaxParallel)
	for i := range fleet.Waves {
		fleet.Waves[i].MaxParallel = cmp.Or(f.MaxParallel, fleet.Waves[i].MaxParallel)
	}
	if f.MaxFailures != nil {
		p.addIf(*f.MaxFailures < 0, "rollout.maxFailures", "is %d, must be 0 or more", *f.MaxFailures)
		fleet.MaxFailures = *f.MaxFailures
	}
	return p.err()
}

// Fleet makes a fleet from flags alone, one region per context; it ignores Filename and Regions. Mistakes are joined
// *FieldError values.
func (f Flags) Fleet() (*Fleet, error) {
	p := &problems{}
	f.checkContexts(p)
	providers := f.providers(p)
	if err := p.err(); err != nil {
		return nil, err
	}
	in := v1alpha1.Fleet{
		Coder:      v1alpha1.Coder{URL: f.CoderURL, CAFile: f.CAFile},
		Chart:      v1alpha1.Chart{Name: f.Chart, Repo: f.Repo, Version: f.ChartVersion},
		UnifiedURL: f.UnifiedURL,
		Rollout:    v1alpha1.Rollout{MaxParallel: f.MaxParallel, MaxFailures: ptr.Deref(f.MaxFailures, 0)},
	}
	var names []string
	for _, context := range f.Contexts {
		name := freeName(nameOf(context), names)
		names = append(names, name)
		region := v1alpha1.Region{
			Name: name, Satellite: v1alpha1.Satellite{ManagedBy: f.Satellite}, Context: context, AccessURL: f.AccessURL,
			Namespace: f.Namespace, Release: f.Release, Values: f.ValueFiles, ConnectTo: f.ConnectTo, Providers: providers,
		}
		if len(providers) == 0 {
			region.Canary.Workspace = f.Canary
		}
		in.Regions = append(in.Regions, region)
	}
	fleet, err := resolve(in, "", f.Sets, !f.AccessURLOptional, p)
	for i := 0; err == nil && i < len(f.Contexts); i++ {
		f.remember(&fleet.Regions[i], f.Contexts[i])
	}
	return fleet, err
}

// checkContexts refuses a fleet without contexts, and flags that cannot apply to several regions.
func (f Flags) checkContexts(p *problems) {
	const file = "describe the regions in a Fleet file (`kubectl coder-satellite discover` prints one) and give it with --filename"
	p.addIf(len(f.Contexts) == 0, "--context", "missing; name the region's kubeconfig context, or a Fleet file with --filename")
	if len(f.Contexts) < 2 {
		return
	}
	for i, context := range f.Contexts {
		p.addIf(slices.Contains(f.Contexts[:i], context), "--context", "%q is given twice", context)
	}
	region, _ := f.describing()
	for _, flag := range region {
		p.addIf(flag.one && len(flag.values) > 0, flag.name, "one value cannot serve several contexts; "+file)
	}
	p.addIf(len(p.found) == 0 && !f.AccessURLOptional, "--context", "given more than once, and every region needs an access URL of its own; "+file)
}

// providers returns those of --provider, then those that only --provider-context names. A provider without a context is in
// the region's.
func (f Flags) providers(p *problems) (providers []v1alpha1.RegionProvider) {
	for _, name := range f.Providers {
		providers = append(providers, v1alpha1.RegionProvider{Name: name, Canary: v1alpha1.Canary{Workspace: f.Canary}})
	}
	for _, pair := range f.ProviderContexts {
		name, context, ok := strings.Cut(pair, "=")
		i := slices.IndexFunc(providers, func(provider v1alpha1.RegionProvider) bool { return provider.Name == name })
		switch {
		case !ok || name == "" || context == "":
			p.addf("--provider-context", "%q: want NAME=CONTEXT, for example london-b=gke_acme_london_b", pair)
		case i < 0:
			providers = append(providers, v1alpha1.RegionProvider{Name: name, Context: context, Canary: v1alpha1.Canary{Workspace: f.Canary}})
		case providers[i].Context != "":
			p.addf("--provider-context", "the provider %q is given twice", name)
		default:
			providers[i].Context = context
		}
	}
	if named := f.Canary != "" && f.Canary != CanaryAuto && f.Canary != CanaryNone; named && len(providers) > 1 {
		p.addf("--canary", "%q is on one provider, and there are %d; use %q or %q, or name one for each in a Fleet file",
			f.Canary, len(providers), CanaryAuto, CanaryNone)
	}
	return providers
}

// nameOf turns a text, such as a context's name, into a region's name; the same text always gives the same name.
func nameOf(text string) string {
	clean := regexp.MustCompile(`[^A-Za-z0-9._-]`).ReplaceAllString(text, "-")
	if len(clean) > 63 {
		clean = clean[len(clean)-63:] // the end of an ARN tells clusters apart
	}
	if clean = strings.Trim(clean, "._-"); clean == "" && text != "" {
		return "region"
	}
	return clean
}

func freeName(name string, taken []string) string {
	free := name
	for i := 2; slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, free) }); i++ {
		suffix := fmt.Sprintf("-%d", i)
		free = name[:min(len(name), 63-len(suffix))] + suffix
	}
	return free
}
