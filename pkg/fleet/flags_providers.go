package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// providers are the region's providers that the flags name: those of --provider,
// and then those that only --provider-context names. A provider without a context
// of its own is in the region's.
func (f Flags) providers() ([]v1alpha1.RegionProvider, error) {
	contexts, names, err := f.providerContexts()
	if err != nil {
		return nil, err
	}
	var providers []v1alpha1.RegionProvider
	for _, name := range slices.Concat(f.Providers, names) {
		providers = append(providers, v1alpha1.RegionProvider{Name: name, Context: contexts[name], Canary: v1alpha1.Canary{Workspace: f.Canary}})
	}
	if named := f.Canary != "" && f.Canary != CanaryAuto && f.Canary != CanaryNone; named && len(providers) > 1 {
		return nil, &FieldError{Field: "--canary", Problem: fmt.Sprintf("%q is on one provider, and there are %d; use %q or %q, or name one for each in a Fleet file",
			f.Canary, len(providers), CanaryAuto, CanaryNone)}
	}
	return providers, nil
}

// providerContexts returns the contexts by the providers' names, and the names
// that --provider does not give.
func (f Flags) providerContexts() (contexts map[string]string, names []string, err error) {
	contexts = make(map[string]string)
	var errs []error
	for _, pair := range f.ProviderContexts {
		name, context, ok := strings.Cut(pair, "=")
		switch _, twice := contexts[name]; {
		case !ok || name == "" || context == "":
			errs = append(errs, &FieldError{Field: "--provider-context", Problem: fmt.Sprintf("%q: want NAME=CONTEXT, for example london-b=gke_acme_london_b", pair)})
			continue
		case twice:
			errs = append(errs, &FieldError{Field: "--provider-context", Problem: fmt.Sprintf("the provider %q is given twice", name)})
			continue
		}
		contexts[name] = context
		if !slices.Contains(f.Providers, name) {
			names = append(names, name)
		}
	}
	return contexts, names, errors.Join(errs...)
}
