package redact

import (
	"encoding/json"
	"strings"

	"sigs.k8s.io/yaml"
)

// deepest is how deep texts in texts are looked into: a manifest has a file, in
// which there may be JSON, in an annotation perhaps. What is deeper is hidden.
const deepest = 4

// longestText is the longest text that is taken for YAML or JSON.
const longestText = 1 << 20

// Object hides the secrets in a decoded object, list or value, in place where
// it can, and returns it: data of Secrets by their kind, wherever they are;
// variables, keys and arguments by their names; everything else by its shape.
func Object(value any) any {
	hidden, _ := hide(value, 0)
	return hidden
}

// hide returns the value without secrets, and whether there were any.
func hide(value any, depth int) (any, bool) {
	switch v := value.(type) {
	case map[string]any:
		return v, hideTable(v, depth)
	case []any:
		return v, hideList(v, depth)
	case string:
		text := hideText(v, depth)
		return text, text != v
	default:
		return v, false
	}
}

func hideTable(table map[string]any, depth int) (changed bool) {
	switch kind, _ := table["kind"].(string); {
	case strings.EqualFold(kind, "Secret"):
		changed = hideData(table)
	case strings.EqualFold(kind, "SecretList"):
		items, _ := table["items"].([]any)
		for _, item := range items {
			if secret, ok := item.(map[string]any); ok { // its kind may be left out
				changed = hideData(secret) || changed
			}
		}
	}
	name, _ := table["name"].(string)
	for key, inner := range table {
		var hidden bool
		switch {
		case SecretName(key), key == "value" && SecretName(name):
			table[key], hidden = hideValue(inner, depth)
		default:
			table[key], hidden = hide(inner, depth)
		}
		changed = changed || hidden
	}
	return changed
}

// hideData hides what is in a Secret; the names of its entries are shown.
func hideData(secret map[string]any) (changed bool) {
	for _, field := range []string{"data", "stringData"} {
		switch entries := secret[field].(type) {
		case nil:
		case map[string]any:
			for key := range entries {
				entries[key] = Mark
				changed = true
			}
		default:
			secret[field], changed = Mark, true
		}
	}
	return changed
}

// hideValue hides a value that is secret by its name. A table under such a name
// may say where the secret is, so that it counts what is in it.
func hideValue(value any, depth int) (any, bool) {
	switch v := value.(type) {
	case string:
		if harmless(v) && v != "true" && v != "false" {
			return v, false
		}
		return Mark, true
	case int64, float64, int, json.Number:
		return Mark, true
	case []any:
		changed := false
		for i, inner := range v {
			_, isTable := inner.(map[string]any)
			var hidden bool
			if isTable {
				inner, hidden = hide(inner, depth)
			} else {
				inner, hidden = hideValue(inner, depth)
			}
			v[i], changed = inner, changed || hidden
		}
		return v, changed
	default:
		return hide(v, depth)
	}
}

// hideList knows arguments: "--db-password=x", and "--db-password", "x".
func hideList(list []any, depth int) (changed bool) {
	for i := range list {
		text, isText := list[i].(string)
		flag, value, assigned := strings.Cut(text, "=")
		previous := ""
		if i > 0 {
			previous, _ = list[i-1].(string)
		}
		var hidden bool
		switch {
		case isText && isFlag(previous) && SecretName(previous) && !isFlag(text) && !harmless(text):
			list[i], hidden = Mark, true
		case isText && assigned && !strings.ContainsAny(flag, " \t\n\"'`{") && SecretName(flag) && !harmless(value):
			list[i], hidden = flag+"="+Mark, true // to its end, whatever is in it
		default:
			list[i], hidden = hide(list[i], depth)
		}
		changed = changed || hidden
	}
	return changed
}

func isFlag(text string) bool {
	return strings.HasPrefix(text, "-") && !strings.ContainsAny(text, "= \t\n")
}

// hideText hides secrets in a text, by its structure if it has one.
func hideText(text string, depth int) string {
	if depth >= deepest {
		if Text(text) != text || strings.Contains(text, "\n") {
			return Mark
		}
		return text
	}
	if !strings.ContainsAny(text, "\n{[") || len(text) > longestText {
		return Text(text)
	}
	documents := strings.Split(text, "\n---")
	for i, document := range documents {
		documents[i] = hideStructure(document, depth+1)
	}
	return Text(strings.Join(documents, "\n---"))
}

// hideStructure rewrites JSON or YAML only if there are secrets in it.
func hideStructure(text string, depth int) string {
	var value any
	if json.Unmarshal([]byte(text), &value) == nil {
		if hidden, changed := hide(value, depth); changed {
			if clean, err := json.Marshal(hidden); err == nil {
				return string(clean)
			}
			return Mark
		}
		return text
	}
	if yaml.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	switch value.(type) {
	case map[string]any, []any:
	default:
		return text
	}
	if hidden, changed := hide(value, depth); changed {
		if clean, err := yaml.Marshal(hidden); err == nil {
			return string(clean)
		}
		return Mark
	}
	return text
}
