package fleet

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// Command returns a command line, fit for a shell, that runs the verb on this region and its selected providers. An ellipsis
// stands for the values of --set, --set-string and --set-json, which may be secret.
func (r Region) Command(verb string) string {
	var selectors []string
	if len(r.Others) > 0 {
		for _, provider := range r.Providers {
			selectors = append(selectors, provider.Selector)
		}
	}
	return r.line(verb, selectors...)
}

// CommandFor returns the command line that runs the verb on that provider alone. A provider that the operator did not name
// has no selector: then the command covers the whole region.
func (r Region) CommandFor(verb string, provider Provider) string {
	if len(r.Providers)+len(r.Others) > 1 {
		return r.line(verb, provider.Selector)
	}
	return r.line(verb)
}

func (r Region) line(verb string, providers ...string) string {
	words := []string{"kubectl coder-satellite", verb, cmp.Or(r.Selector, "--region "+shell.Quote(r.Name))}
	words = append(words, providers...)
	if verb == "plan" || verb == "migrate" || strings.HasPrefix(verb, "export") { // the verbs that take the flags of a chart
		words = append(words, r.ChartFlags)
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	return strings.Join(words, " ")
}

// remember stores the flags that name the region on a command line. context is the region's --context, without a Fleet file.
func (f Flags) remember(region *Region, context string) {
	further := []given{{name: "--coder-url", values: just(f.CoderURL)}, {name: "--coder-ca-file", values: just(f.CAFile)}}
	for pair := range slices.Chunk(f.Further, 2) {
		further = append(further, given{name: pair[0], values: pair[1:]})
	}
	if f.Filename != "" {
		file := []given{{name: "--filename", values: just(f.Filename)}, {name: "--region", values: just(region.Name)}}
		region.Selector = written(slices.Concat(file, further))
		for i, provider := range region.Providers {
			region.Providers[i].Selector = written([]given{{name: "--provider", values: just(provider.Name)}})
		}
		return
	}
	f.Contexts = []string{context}
	for _, settings := range []*[]string{&f.Sets.Values, &f.Sets.StringValues, &f.Sets.JSONValues} {
		if len(*settings) > 0 {
			*settings = []string{"..."}
		}
	}
	described, chart := f.describing()
	region.Selector, region.ChartFlags = written(slices.Concat(described, further)), written(chart)
}

// written joins flags and values to a part of a command line; a flag is repeated for each of its values.
func written(flags []given) string {
	var words []string
	for _, flag := range flags {
		for _, value := range flag.values {
			if value != "" {
				words = append(words, flag.name, shell.Quote(value))
			}
		}
	}
	return strings.Join(words, " ")
}
