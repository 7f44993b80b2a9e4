package redact

import (
	"encoding/json"
	"strings"

	"sigs.k8s.io/yaml"
)

const (
	deepest     = 4       // texts nested in texts, such as JSON in an annotation in a manifest; deeper ones are hidden
	longestText = 1 << 20 // in bytes, that is parsed as YAML or JSON
)

// Object hides the secrets in a decoded object, list or value, in place where it can, and returns it. It finds data of
// Secrets by their kind, wherever they are; variables, keys and arguments by their names; all else by its shape.
func Object(value any) any { return new(hider).hide(value) }

type hider struct {
	depth int  // how deep the value is nested in texts
	found bool // whether there was anything to hide
}

func (h *hider) mark() string {
	h.found = true
	return Mark
}

func (h *hider) hide(value any) any {
	switch v := value.(type) {
	case map[string]any:
		h.table(v)
	case []any:
		h.list(v)
	case string:
		text := hideText(v, h.depth)
		h.found = h.found || text != v
		return text
	}
	return value
}

func (h *hider) table(table map[string]any) {
	switch kind, _ := table["kind"].(string); {
	case strings.EqualFold(kind, "Secret"):
		h.data(table)
	case strings.EqualFold(kind, "SecretList"):
		items, _ := table["items"].([]any)
		for _, item := range items {
			if secret, ok := item.(map[string]any); ok { // it may lack its kind
				h.data(secret)
			}
		}
	}
	name, _ := table["name"].(string)
	for key, inner := range table {
		if SecretName(key) || key == "value" && SecretName(name) {
			table[key] = h.value(inner)
		} else {
			table[key] = h.hide(inner)
		}
	}
}

// data hides what is in a Secret, and leaves the names of its entries.
func (h *hider) data(secret map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		switch entries := secret[field].(type) {
		case nil:
		case map[string]any:
			for key := range entries {
				entries[key] = h.mark()
			}
		default:
			secret[field] = h.mark()
		}
	}
}

// value hides a value with a secret's name. A table under such a name may say where the secret is: its content counts.
func (h *hider) value(value any) any {
	switch v := value.(type) {
	case string:
		if !harmless(v) || v == "true" || v == "false" {
			return h.mark()
		}
		return v
	case int64, float64, int, json.Number:
		return h.mark()
	case []any:
		for i, inner := range v {
			if _, isTable := inner.(map[string]any); isTable {
				v[i] = h.hide(inner)
			} else {
				v[i] = h.value(inner)
			}
		}
		return v
	}
	return h.hide(value)
}

// list hides arguments: "--db-password=x", and "--db-password", "x".
func (h *hider) list(list []any) {
	previous := ""
	for i := range list {
		text, isText := list[i].(string)
		flag, value, assigned := strings.Cut(text, "=")
		switch {
		case isText && isFlag(previous) && SecretName(previous) && !isFlag(text) && !harmless(text):
			list[i] = h.mark()
		case isText && assigned && !strings.ContainsAny(flag, " \t\n\"'`{") && SecretName(flag) && !harmless(value):
			list[i] = flag + "=" + h.mark() // to its end, whatever is in it
		default:
			list[i] = h.hide(list[i])
		}
		previous, _ = list[i].(string)
	}
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
	encode := json.Marshal
	if json.Unmarshal([]byte(text), &value) != nil {
		encode = yaml.Marshal
		if yaml.Unmarshal([]byte(text), &value) != nil {
			return text
		}
		switch value.(type) {
		case map[string]any, []any:
		default:
			return text
		}
	}
	h := &hider{depth: depth}
	hidden := h.hide(value)
	if !h.found {
		return text
	}
	clean, err := encode(hidden)
	if err != nil {
		return Mark
	}
	return string(clean)
}
