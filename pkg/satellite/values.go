package satellite

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/strvals"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Spec is the wanted state of a satellite's release.
type Spec struct {
	Chart  ChartRef
	Values map[string]any // merged, with those that make it a satellite
}

// withoutValues returns the error without the values in it: schemas, templates and API servers quote them.
func (s Spec) withoutValues(err error) error { return redact.ValuesOf(s.Values).Error(err) }

func (s Spec) notRendered(c *Chart, err error) error {
	return fmt.Errorf("chart %s %s cannot be rendered with these values: %w", c.Metadata.Name, c.Metadata.Version, s.withoutValues(err))
}

// MergeValues merges values files and then KEY=VALUE settings of each kind, as Helm does, and sets what makes the release
// this region's satellite. A value that contradicts the region is an error that names it. Errors quote no other value.
func MergeValues(files []string, sets values.Options, urls URLs) (map[string]any, error) {
	merged, err := merge(files, sets)
	if err != nil {
		return nil, fmt.Errorf("the Helm values cannot be read: %w", err)
	}
	satellite, err := table(merged, "coderd", "satellite")
	if err != nil {
		return nil, err
	}
	// The chart's access URL is the unified one, if there is one (Coder's documentation, "Global access URL").
	fixed := map[string]any{"enable": true, "primaryURL": urls.Primary, "accessURL": cmp.Or(urls.Unified, urls.Access)}
	for _, key := range fixedKeys() {
		if given, ok := satellite[key]; ok && plain(given) != plain(fixed[key]) {
			advice := ""
			if key == "accessURL" && urls.Unified == "" {
				advice = "; a URL that all satellites share is the Fleet's unifiedURL, or --unified-url"
			}
			return nil, fmt.Errorf("the Helm values say coderd.satellite.%s: %v, but for this region it is %v: remove it from the values, "+
				"or correct the region%s", key, given, fixed[key], advice)
		}
		satellite[key] = fixed[key]
	}
	if err := setAlternates(merged, urls); err != nil {
		return nil, err
	}
	return merged, nil
}

// merge merges the values. Errors show nothing of a file or setting, which may be secret: Helm's and YAML's would.
func merge(files []string, sets values.Options) (map[string]any, error) {
	// values may come from URLs, as with Helm, but not from plugins
	merged, err := (&values.Options{ValueFiles: files}).MergeValues(getter.Providers{})
	if err != nil {
		return nil, redact.Quotations(err)
	}
	const keyValue = "is not KEY=VALUE[,KEY=VALUE...]: write commas in a value as \\, and put what is more complicated into a values file"
	for _, kind := range []struct {
		flag, wrong string
		settings    []string
		parse       func(string, map[string]any) error
	}{ // in Helm's order
		{"--set-json", "is not KEY=JSON", sets.JSONValues, strvals.ParseJSON},
		{"--set", keyValue, sets.Values, strvals.ParseInto},
		{"--set-string", keyValue, sets.StringValues, strvals.ParseIntoString},
		{"--set-file", "is not KEY=FILE with a file that can be read", sets.FileValues, func(setting string, into map[string]any) error {
			return strvals.ParseIntoFile(setting, into, func(file []rune) (any, error) {
				content, err := os.ReadFile(string(file))
				return string(content), err
			})
		}},
	} {
		for _, setting := range kind.settings {
			if err := kind.parse(setting, merged); err != nil { // which quotes values
				key, _, found := strings.Cut(setting, "=")
				if !found { // it may be a value alone
					key = "..."
				}
				return nil, fmt.Errorf("%s %s=... %s", kind.flag, key, kind.wrong)
			}
		}
	}
	return merged, nil
}

// fixedKeys are the keys under coderd.satellite that the region sets.
func fixedKeys() []string { return []string{"enable", "primaryURL", "accessURL"} }

// plain returns a value in one form: Coder's documentation also writes true as text, and URLs with a final slash.
func plain(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	if yes, err := strconv.ParseBool(text); err == nil {
		return yes
	}
	return coder.NormalURL(text)
}

// table returns the table under the keys, and makes it if needed.
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

// namedSecrets returns the Secrets that the values name for certificates and authorities, sorted.
func namedSecrets(values map[string]any) []string {
	certificates := TLSOf(values)
	authorities, _ := lookup(values, "certs", "secret", "name").(string)
	names := []string{certificates.HostSecret, certificates.DevURLsSecret, authorities}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

func lookup(values map[string]any, path ...string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(values, path...)
	return value
}

// TLS describes a satellite's certificates.
type TLS struct {
	// HostSecret names the TLS Secret of the access URL's certificate (coderd.tls.hostSecretName), and DevURLsSecret that
	// of the Dev URLs' (coderd.tls.devurlsHostSecretName); empty if the values name none.
	HostSecret, DevURLsSecret string
	// DevURLsHost is the Dev URLs' wildcard, such as "*.coder-sydney.example.com" (coderd.devurlsHost); empty if none.
	DevURLsHost string
}

// TLSOf returns what the values say of certificates. A value that is not text counts as none: the chart cannot use it.
func TLSOf(values map[string]any) TLS {
	text := func(path ...string) string {
		found, _ := lookup(values, path...).(string)
		return found
	}
	return TLS{
		HostSecret:    text("coderd", "tls", "hostSecretName"),
		DevURLsSecret: text("coderd", "tls", "devurlsHostSecretName"),
		DevURLsHost:   text("coderd", "devurlsHost"),
	}
}
