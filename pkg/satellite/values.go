package satellite

import (
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
)

// Spec is a satellite's release as it should be.
type Spec struct {
	Namespace string
	Release   string
	Chart     ChartRef
	// Values are the merged values, those that make it a satellite included.
	Values map[string]any
}

// MergeValues merges values files, then KEY=VALUE settings, as Helm does, and
// then sets what makes the release this region's satellite. A value that says
// otherwise than the region is an error that names it.
func MergeValues(files, sets []string, primaryURL, accessURL string) (map[string]any, error) {
	options := values.Options{ValueFiles: files, Values: sets}
	// values may be fetched from URLs as with Helm; no plugins take part
	merged, err := options.MergeValues(getter.Providers{})
	if err != nil {
		return nil, fmt.Errorf("the Helm values cannot be read: %w", err)
	}
	satellite, err := table(merged, "coderd", "satellite")
	if err != nil {
		return nil, err
	}
	for _, fixed := range []struct {
		key   string
		value any
	}{
		{"enable", true},
		{"primaryURL", primaryURL},
		{"accessURL", accessURL},
	} {
		if given, ok := satellite[fixed.key]; ok && given != fixed.value {
			return nil, fmt.Errorf("the Helm values say coderd.satellite.%s: %v, but for this region it is %v: take it out of the values, or correct the region", fixed.key, given, fixed.value)
		}
		satellite[fixed.key] = fixed.value
	}
	return merged, nil
}

// table returns the table under the keys, made if it is not there.
func table(values map[string]any, keys ...string) (map[string]any, error) {
	for i, key := range keys {
		next, ok := values[key].(map[string]any)
		if !ok && values[key] != nil {
			return nil, fmt.Errorf("the Helm value %s must be a table", strings.Join(keys[:i+1], "."))
		}
		if !ok {
			next = map[string]any{}
			values[key] = next
		}
		values = next
	}
	return values, nil
}

// namedSecrets returns the Secrets in the satellite's namespace that the values
// name, sorted: certificates of the server, and authorities to trust.
func namedSecrets(values map[string]any) []string {
	var names []string
	for _, path := range [][]string{
		{"coderd", "tls", "hostSecretName"},
		{"coderd", "tls", "devurlsHostSecretName"},
		{"certs", "secret", "name"},
	} {
		if name, ok := lookup(values, path...).(string); ok && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func lookup(values map[string]any, path ...string) any {
	var value any = values
	for _, key := range path {
		inner, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = inner[key]
	}
	return value
}
