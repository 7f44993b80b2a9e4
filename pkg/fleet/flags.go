package fleet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Flags are what the command line can say about a fleet.
type Flags struct {
	// Filename is a Fleet file, or Stdin; empty for a fleet made of flags.
	Filename string
	// Regions select regions of the file by name; none selects all.
	Regions []string

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
	// ValueFiles and Sets are Helm's --values and --set.
	ValueFiles, Sets []string

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

// Load returns the fleet of the file, with its regions selected, or of the
// flags. What the user got wrong comes as *FieldError values, joined.
func (f Flags) Load(stdin io.Reader) (*Fleet, error) {
	if f.Filename == "" {
		if len(f.Regions) > 0 {
			return nil, &FieldError{Field: "--region", Problem: "selects regions of a Fleet file; give one with --filename"}
		}
		fleet, err := f.Fleet()
		if err != nil {
			return nil, err
		}
		for i, context := range f.Contexts {
			f.remember(&fleet.Regions[i], context)
		}
		return fleet, nil
	}
	if err := f.clash(); err != nil {
		return nil, err
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
	if err := errors.Join(fleet.Select(f.Regions), fleet.SelectProviders(f.Providers)); err != nil {
		return nil, err
	}
	return fleet, nil
}

// clash names the flags that describe a region although a file does.
func (f Flags) clash() error {
	var errs []error
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"--context", len(f.Contexts) > 0}, {"--access-url", f.AccessURL != ""}, {"--provider-context", len(f.ProviderContexts) > 0},
		{"--satellite", f.Satellite != ""}, {"--unified-url", f.UnifiedURL != ""},
		{"--namespace", f.Namespace != ""}, {"--release", f.Release != ""}, {"--connect-to", f.ConnectTo != ""},
		{"--canary", f.Canary != ""}, {"--chart", f.Chart != ""}, {"--repo", f.Repo != ""}, {"--chart-version", f.ChartVersion != ""},
		{"--values", len(f.ValueFiles) > 0}, {"--set", len(f.Sets) > 0},
	} {
		if flag.set {
			errs = append(errs, &FieldError{Field: flag.name, Problem: "cannot be used with --filename; put it into the Fleet file"})
		}
	}
	return errors.Join(errs...)
}

// override lets the flags about the primary and the rollout win over the file.
func (f Flags) override(fleet *Fleet) error {
	p := &problems{origin: flagOrigin{}}
	if f.CoderURL != "" {
		validateURL(p, "coder.url", f.CoderURL)
		fleet.CoderURL = coder.NormalURL(f.CoderURL)
	}
	if f.CAFile != "" {
		validateFile(p, "coder.caFile", f.CAFile, f.CAFile)
		fleet.CAFile = f.CAFile
	}
	if f.MaxParallel < 0 {
		p.addf("rollout.maxParallel", "is %d, must be 1 or more", f.MaxParallel)
	} else if f.MaxParallel > 0 {
		fleet.MaxParallel = f.MaxParallel
	}
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
	if len(f.Contexts) == 0 {
		return nil, &FieldError{Field: "--context", Problem: "missing; name the region's kubeconfig context, or a Fleet file with --filename"}
	}
	if err := f.severalRegions(); err != nil {
		return nil, err
	}
	in := v1alpha1.Fleet{
		Coder:      v1alpha1.Coder{URL: f.CoderURL, CAFile: f.CAFile},
		Chart:      v1alpha1.Chart{Name: f.Chart, Repo: f.Repo, Version: f.ChartVersion},
		UnifiedURL: f.UnifiedURL,
		Defaults:   v1alpha1.Defaults{},
		Rollout:    v1alpha1.Rollout{MaxParallel: f.MaxParallel},
	}
	if f.MaxFailures != nil {
		in.Rollout.MaxFailures = *f.MaxFailures
	}
	providers, err := f.providers()
	if err != nil {
		return nil, err
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
	return resolve(in, "", flagOrigin{}, requirements{accessURL: !f.AccessURLOptional, sets: f.Sets})
}

// severalRegions refuses what cannot be the same for several regions.
func (f Flags) severalRegions() error {
	if len(f.Contexts) < 2 {
		return nil
	}
	var errs []error
	for i, context := range f.Contexts {
		if slices.Contains(f.Contexts[:i], context) {
			errs = append(errs, &FieldError{Field: "--context", Problem: fmt.Sprintf("%q is given twice", context)})
		}
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"--access-url", f.AccessURL != ""}, {"--provider", len(f.Providers) > 0},
		{"--provider-context", len(f.ProviderContexts) > 0}, {"--connect-to", f.ConnectTo != ""},
	} {
		if flag.set {
			errs = append(errs, &FieldError{Field: flag.name, Problem: "one value cannot serve several contexts; " +
				"describe the regions in a Fleet file (`kubectl coder-satellite discover` prints one) and give it with --filename"})
		}
	}
	if len(errs) == 0 && !f.AccessURLOptional {
		errs = append(errs, &FieldError{Field: "--context", Problem: "given more than once, and every region needs an access URL of its own; " +
			"describe the regions in a Fleet file (`kubectl coder-satellite discover` prints one) and give it with --filename"})
	}
	return errors.Join(errs...)
}

// nameOf makes a region's name of any text, such as the name of a context. The
// same text always gives the same name.
func nameOf(text string) string {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r) {
			return r
		}
		return '-'
	}, text)
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
