package fleet

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// CheckClusters returns an error if two regions are one cluster under two
// contexts: they would fight over one satellite and one journal. uids has the
// UID of the namespace kube-system by region; an empty UID is not known and is
// left out.
func CheckClusters(uids map[string]string) error {
	return shared(uids, func(regions []string, _ string) error {
		return fmt.Errorf("the regions %s are one cluster (their namespace kube-system has one UID) reached by different contexts; keep one of them", listed(regions))
	})
}

// CheckProviders returns an error if two regions have one workspace provider.
// providers are the matched providers by region; one without an ID is not known
// and is left out.
func CheckProviders(providers map[string]v1alpha1.Provider) error {
	ids := make(map[string]string, len(providers))
	names := make(map[string]string, len(providers))
	for region, provider := range providers {
		ids[region] = provider.ID
		names[provider.ID] = provider.Name
	}
	return shared(ids, func(regions []string, id string) error {
		return fmt.Errorf("the regions %s have one workspace provider, %q; a provider belongs to one region: name each region's own with `provider:`", listed(regions), names[id])
	})
}

// shared reports each value that several regions have, in a stable order.
func shared(values map[string]string, report func(regions []string, value string) error) error {
	regions := make(map[string][]string)
	for _, region := range slices.Sorted(maps.Keys(values)) {
		if value := values[region]; value != "" {
			regions[value] = append(regions[value], region)
		}
	}
	var errs []error
	for _, value := range slices.SortedFunc(maps.Keys(regions), func(a, b string) int {
		return slices.Compare(regions[a], regions[b])
	}) {
		if len(regions[value]) > 1 {
			errs = append(errs, report(regions[value], value))
		}
	}
	return errors.Join(errs...)
}
