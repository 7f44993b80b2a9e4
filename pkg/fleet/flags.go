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

// Flags are what the command line can say about a fleet.
type Flags struct {
	// Filename is a Fleet file, or Stdin; empty for a fleet made of flags.
	Filename string
	// Regions choose regions of the file: names, patterns of path.Match, and lists of them with commas; none
	// chooses all. Of these, Selector chooses by label, as kubectl's does, and Exclude leaves some out, named likewise.
	Regions, Exclude []string
	Selector         string

	// Contexts are kubeconfig contexts, one region each. The caller gives the
	// current context when the user named none.
	Contexts []string
	// AccessURL and ConnectTo are of the one region.
	AccessURL, ConnectTo string
	// Satellite is SatelliteNone for a region without one, else empty.
	Satellite string
	// Providers are names or IDs of the one region's providers; with a file they
	// select among those of its regions.
	Providers []string
	// ProviderContexts are NAME=CONTEXT, for providers in other clusters than the satellite.
	ProviderContexts []string
	// UnifiedURL is the URL that all satellites serve beside their own.
	UnifiedURL string
	// Namespace and Release are of the satellite's Helm release; empty for the defaults.
	Namespace, Release string
	// Canary is a workspace's name, CanaryAuto or CanaryNone; empty for auto.
	Canary string
	// Chart, Repo and ChartVersion locate the satellite's chart; empty for the defaults.
	Chart, Repo, ChartVersion string
	// ValueFiles are Helm's --values, Sets its --set, --set-string, --set-file and --set-json.
	ValueFiles []string
	Sets       values.Options

	// CoderURL and CAFile locate the primary; they win over the file's.
	CoderURL, CAFile string
	// MaxParallel, if above 0, and MaxFailures, if not nil, win over the file's.
	MaxParallel int
	MaxFailures *int

	// Further are pairs of a flag and its value that every verb takes and that
	// matter elsewhere; they are only repeated in Region.Selector.
	Further []string

	// AccessURLOptional is set by verbs that never speak to the satellite.
	AccessURLOptional bool
}

// given is a flag that describes a region, with its values.
type given struct {
	name   string
	values []string
	// one is set for a flag that cannot say the same of several regions.
	one bool
}

// describing are the flags that describe a region, in the order in which a
// command line has them, and those that describe its chart.
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

// just is the value of a flag that has one; none if it is empty.
func just(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// Load returns the fleet of the file, with its regions selected, or of the
// flags. What the user got wrong comes as *FieldError values, joined.
func (f Flags) Load(stdin io.Reader) (*Fleet, error) {
	p, others, why := &problems{}, slices.Concat(f.describing()), "cannot be used with --filename; put it into the Fleet file"
	if f.Filename == "" {
		others = []given{{name: "--region", values: f.Regions}, {name: "--selector", values: just(f.Selector)}, {name: "--exclude", values: f.Exclude}}
		why = "selects regions of a Fleet file; give one with --filename"
	}
	for _, flag := range others {
		if len(flag.values) > 0 && flag.name != "--provider" { // which does both
			p.addf(flag.name, "%s", why)
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if f.Filename == "" {
		fleet, err := f.Fleet()
		if err != nil {
			return nil, err
		}
		for i, context := range f.Contexts {
			f.remember(&fleet.Regions[i], context)
		}
		return fleet, nil
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
	return fleet, errors.Join(f.selectRegions(fleet), fleet.selectProviders(f.Providers))
}

// override lets the flags about the primary and the rollout win over the file.
func (f Flags) override(fleet *Fleet) error {
	p := &problems{}
	if f.CoderURL != "" {
		p.checkURL("coder.url", f.CoderURL)
		fleet.CoderURL = coder.NormalURL(f.CoderURL)
	}
	if f.CAFile != "" {
		p.checkFile("coder.caFile", f.CAFile)
		fleet.CAFile = f.CAFile
	}
	if f.MaxParallel < 0 {
		p.addf("rollout.maxParallel", "is %d, must be 1 or more", f.MaxParallel)
	}
	fleet.MaxParallel = cmp.Or(f.MaxParallel, fleet.MaxParallel)
	if f.MaxFailures != nil {
		if *f.MaxFailures < 0 {
			p.addf("rollout.maxFailures", "is %d, must be 0 or more", *f.MaxFailures)
		}
		fleet.MaxFailures = *f.MaxFailures
	}
	return p.err()
}

// Fleet makes a fleet of the flags alone, one region per context; Filename and
// Regions are not looked at. What is wrong comes as *FieldError values, joined.
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
			Name: name, Satellite: f.Satellite, Context: context, AccessURL: f.AccessURL,
			Namespace: f.Namespace, Release: f.Release, Values: f.ValueFiles, ConnectTo: f.ConnectTo, Providers: providers,
		}
		if len(providers) == 0 {
			region.Canary.Workspace = f.Canary
		}
		in.Regions = append(in.Regions, region)
	}
	return resolve(in, "", f.Sets, !f.AccessURLOptional, p)
}

// checkContexts refuses to make a region of nothing, and what cannot be the same
// for several regions.
func (f Flags) checkContexts(p *problems) {
	const file = "describe the regions in a Fleet file (`kubectl coder-satellite discover` prints one) and give it with --filename"
	if len(f.Contexts) == 0 {
		p.addf("--context", "missing; name the region's kubeconfig context, or a Fleet file with --filename")
	}
	if len(f.Contexts) < 2 {
		return
	}
	for i, context := range f.Contexts {
		if slices.Contains(f.Contexts[:i], context) {
			p.addf("--context", "%q is given twice", context)
		}
	}
	region, _ := f.describing()
	for _, flag := range region {
		if flag.one && len(flag.values) > 0 {
			p.addf(flag.name, "one value cannot serve several contexts; "+file)
		}
	}
	if len(p.found) == 0 && !f.AccessURLOptional {
		p.addf("--context", "given more than once, and every region needs an access URL of its own; "+file)
	}
}

// providers are the region's providers that the flags name: those of --provider,
// and then those that only --provider-context names. A provider without a context
// of its own is in the region's.
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

// nameOf makes a region's name of any text, such as the name of a context. The
// same text always gives the same name.
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

// freeName adds a number to a name that is taken.
func freeName(name string, taken []string) string {
	free := name
	for i := 2; slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, free) }); i++ {
		suffix := fmt.Sprintf("-%d", i)
		free = name[:min(len(name), 63-len(suffix))] + suffix
	}
	return free
}
