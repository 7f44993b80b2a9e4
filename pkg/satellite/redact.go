package satellite

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// redactedObjects splits a manifest into its objects, "Kind name", as YAML in
// which nothing secret is left. Of a list it returns the items, as Helm applies them.
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
		redact.Object(object)
		for _, item := range itemsOf(object) {
			text, err := yaml.Marshal(item)
			if err != nil {
				return nil, err
			}
			name, _ := lookup(item, "metadata", "name").(string)
			objects[fmt.Sprintf("%v %s", item["kind"], name)] = string(text)
		}
	}
	return objects, nil
}

// itemsOf returns the items of a list, and of the lists in it, or the object
// itself. Items of a SecretList need not say that they are Secrets.
func itemsOf(object map[string]any) []map[string]any {
	kind, _ := object["kind"].(string)
	of, isList := strings.CutSuffix(kind, "List")
	list, ok := object["items"].([]any)
	if !isList || !ok {
		return []map[string]any{object}
	}
	var items []map[string]any
	for _, entry := range list {
		item, ok := entry.(map[string]any)
		if !ok {
			return []map[string]any{object}
		}
		if item["kind"] == nil {
			item["kind"] = of
		}
		items = append(items, itemsOf(item)...)
	}
	return items
}
