package fleet

import (
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// Command returns the command line that runs the verb on this region alone, and
// on those of its providers that were selected, to be pasted into a shell. What
// --set gave is not repeated, since it may be secret: an ellipsis stands for it.
func (r Region) Command(verb string) string {
	words := []string{"kubectl coder-satellite", verb, firstOf(r.Selector, "--region "+shell.Quote(r.Name))}
	if len(r.Others) > 0 {
		for _, provider := range r.Providers {
			words = append(words, provider.Selector)
		}
	}
	return r.line(verb, words)
}

// CommandFor returns the command line that runs the verb on that provider of the
// region alone. A provider that the operator did not name cannot be told from the
// region's others.
func (r Region) CommandFor(verb string, provider Provider) string {
	words := []string{"kubectl coder-satellite", verb, firstOf(r.Selector, "--region "+shell.Quote(r.Name))}
	if len(r.Providers)+len(r.Others) > 1 {
		words = append(words, provider.Selector)
	}
	return r.line(verb, words)
}

func (r Region) line(verb string, words []string) string {
	if verb == "plan" || verb == "migrate" { // the verbs that take the flags of a chart
		words = append(words, r.ChartFlags)
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	return strings.Join(words, " ")
}

// remember notes in the region what names it on a command line like this one;
// context is that of --context, where flags describe it.
func (f Flags) remember(region *Region, context string) {
	further := slices.Concat([]string{"--coder-url", f.CoderURL, "--coder-ca-file", f.CAFile}, f.Further)
	if f.Filename != "" {
		region.Selector = written(slices.Concat([]string{"--filename", f.Filename, "--region", region.Name}, further)...)
		for i := range region.Providers {
			region.Providers[i].Selector = written("--provider", region.Providers[i].Name)
		}
		return
	}
	pairs := []string{
		"--context", context, "--satellite", f.Satellite, "--namespace", f.Namespace, "--release", f.Release,
		"--access-url", f.AccessURL, "--unified-url", f.UnifiedURL,
	}
	for _, provider := range f.Providers {
		pairs = append(pairs, "--provider", provider)
	}
	for _, place := range f.ProviderContexts {
		pairs = append(pairs, "--provider-context", place)
	}
	pairs = append(pairs, "--connect-to", f.ConnectTo, "--canary", f.Canary)
	region.Selector = written(slices.Concat(pairs, further)...)
	pairs = []string{"--chart", f.Chart, "--repo", f.Repo, "--chart-version", f.ChartVersion}
	for _, file := range f.ValueFiles {
		pairs = append(pairs, "--values", file)
	}
	if len(f.Sets) > 0 {
		pairs = append(pairs, "--set", "...")
	}
	region.ChartFlags = written(pairs...)
}

// written joins pairs of flags and values, without those that have no value.
func written(pairs ...string) string {
	var words []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			words = append(words, pairs[i], shell.Quote(pairs[i+1]))
		}
	}
	return strings.Join(words, " ")
}
