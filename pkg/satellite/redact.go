package satellite

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// redactedObjects splits a manifest into its objects, "Kind name", as YAML in
// which nothing secret is left: data of Secrets, and values of environment
// variables whose names tell that they are secret.
func redactedObjects(manifest string) (map[string]string, error) {
	objects := map[string]string{}
	for _, document := range releaseutil.SplitManifests(manifest) {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("the chart's manifest is not YAML: %w", err)
		}
		if len(object) == 0 {
			continue
		}
		if object["kind"] == "Secret" {
			redactTable(object, "data")
			redactTable(object, "stringData")
		}
		redactEnvironment(object)
		text, err := yaml.Marshal(object)
		if err != nil {
			return nil, err
		}
		name, _ := lookup(object, "metadata", "name").(string)
		objects[fmt.Sprintf("%v %s", object["kind"], name)] = string(text)
	}
	return objects, nil
}

// redactTable replaces every value of a table in an object.
func redactTable(object map[string]any, field string) {
	entries, ok := object[field].(map[string]any)
	if !ok {
		return
	}
	for key := range entries {
		entries[key] = "(redacted)"
	}
}

// redactEnvironment replaces literal values of secret environment variables,
// wherever in the object they are.
func redactEnvironment(value any) {
	switch v := value.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok && secretName(name) {
			if _, literal := v["value"].(string); literal {
				v["value"] = "(redacted)"
			}
		}
		for _, inner := range v {
			redactEnvironment(inner)
		}
	case []any:
		for _, inner := range v {
			redactEnvironment(inner)
		}
	}
}

// secretName reports whether a variable's name tells that its value is secret;
// where a secret is (a file) is none.
func secretName(name string) bool {
	upper := strings.ToUpper(name)
	for _, place := range []string{"_FILE", "_PATH", "_DIR"} {
		if strings.HasSuffix(upper, place) {
			return false
		}
	}
	for _, word := range []string{"TOKEN", "PASSWORD", "SECRET", "CREDENTIAL", "PRIVATE", "_KEY"} {
		if strings.Contains(upper, word) {
			return true
		}
	}
	return false
}
