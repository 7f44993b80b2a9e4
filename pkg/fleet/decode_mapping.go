package fleet

import (
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

func (d *decoder) decodeStruct(node *yaml.Node, into reflect.Value, path string) {
	if into.Type() == reflect.TypeFor[v1alpha1.Canary]() && node.Kind == yaml.ScalarNode {
		// `canary: none` says as much as `canary: {workspace: none}`
		d.decodeString(node, into.FieldByName("Workspace"), path)
		return
	}
	fields := jsonFields(into.Type())
	d.each(node, path, func(key, value *yaml.Node, child string) {
		if index, ok := fields[key.Value]; ok {
			d.decode(value, into.FieldByIndex(index), child)
			return
		}
		d.addf(child, "unknown field%s", d.meant(key.Value, fields))
	})
}

// each calls do with every key of a mapping, its value, and its path.
func (d *decoder) each(node *yaml.Node, path string, do func(key, value *yaml.Node, child string)) {
	if node.Kind != yaml.MappingNode {
		d.addf(path, "must be a mapping, not %s", kindOf(node))
		return
	}
	seen := make(map[string]int, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		child := join(path, key.Value)
		if !d.spend(child) {
			return
		}
		if line, ok := seen[key.Value]; ok {
			d.lines[child] = key.Line
			d.addf(child, "appears twice, first in line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		d.lines[child] = key.Line
		if key.ShortTag() == "!!merge" {
			d.addf(child, "merge keys are not supported; use defaults, or write the fields out")
			continue
		}
		do(key, value, child)
	}
}

// decodeMap fills a map of texts; a key whose value is null is not there.
func (d *decoder) decodeMap(node *yaml.Node, into reflect.Value, path string) {
	filled := reflect.MakeMap(into.Type())
	d.each(node, path, func(key, value *yaml.Node, child string) {
		name, text := reflect.New(into.Type().Key()).Elem(), reflect.New(into.Type().Elem()).Elem()
		d.decodeString(target(key), name, child)
		d.decode(value, text, child)
		if !isNull(target(value)) {
			filled.SetMapIndex(name, text)
		}
	})
	into.Set(filled)
}

func (d *decoder) meant(name string, fields map[string][]int) string {
	known := make([]string, 0, len(fields))
	for field := range fields {
		known = append(known, field)
	}
	slices.Sort(known)
	if near := suggest.Near(name, known); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return "; known here: " + strings.Join(known, ", ")
}

// jsonFields returns where each JSON field of a struct is, embedded ones too.
func jsonFields(t reflect.Type) map[string][]int {
	fields := make(map[string][]int)
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = field.Index
		}
	}
	return fields
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}
