package fleet

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// decoder fills a value from YAML nodes, notes the line of every field, and
// goes on after a problem. It knows what the Fleet types are made of: structs
// with JSON tags, slices, strings and integers.
type decoder struct {
	problems
	lines map[string]int
	nodes int
}

func (d *decoder) decode(node *yaml.Node, into reflect.Value, path string) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.addf(path, "the aliases up to here stand for too much; write the values out")
		}
		return
	}
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return // the same as a field that is not there
	}
	switch into.Kind() {
	case reflect.Struct:
		d.decodeStruct(node, into, path)
	case reflect.Slice:
		d.decodeSlice(node, into, path)
	case reflect.String:
		d.decodeString(node, into, path)
	case reflect.Int:
		d.decodeInt(node, into, path)
	default:
		d.addf(path, "cannot be set by a Fleet file")
	}
}

func (d *decoder) decodeStruct(node *yaml.Node, into reflect.Value, path string) {
	if into.Type() == reflect.TypeFor[v1alpha1.Canary]() && node.Kind == yaml.ScalarNode {
		// `canary: none` says as much as `canary: {workspace: none}`
		d.decodeString(node, into.FieldByName("Workspace"), path)
		return
	}
	if node.Kind != yaml.MappingNode {
		d.addf(path, "must be a mapping, not %s", kindOf(node))
		return
	}
	fields := jsonFields(into.Type())
	seen := make(map[string]int, len(fields))
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		child := join(path, key.Value)
		if line, ok := seen[key.Value]; ok {
			d.lines[child] = key.Line
			d.addf(child, "appears twice, first in line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		d.lines[child] = key.Line
		index, ok := fields[key.Value]
		switch {
		case key.ShortTag() == "!!merge":
			d.addf(child, "merge keys are not supported; use defaults, or write the fields out")
		case !ok:
			d.addf(child, "unknown field%s", d.meant(key.Value, fields))
		default:
			d.decode(value, into.FieldByIndex(index), child)
		}
	}
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

func (d *decoder) decodeSlice(node *yaml.Node, into reflect.Value, path string) {
	if node.Kind != yaml.SequenceNode {
		d.addf(path, "must be a list, not %s", kindOf(node))
		return
	}
	slice := reflect.MakeSlice(into.Type(), 0, min(len(node.Content), maxNodes-min(d.nodes, maxNodes)))
	for i, item := range node.Content {
		if d.nodes > maxNodes {
			return
		}
		child := fmt.Sprintf("%s[%d]", path, i)
		d.lines[child] = item.Line
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(item, value, child)
		slice = reflect.Append(slice, value)
	}
	into.Set(slice)
}

func (d *decoder) decodeString(node *yaml.Node, into reflect.Value, path string) {
	tags := []string{"!!str", "!!int", "!!float", "!!timestamp", "!!merge"}
	if node.Kind != yaml.ScalarNode || !slices.Contains(tags, node.ShortTag()) {
		d.addf(path, "must be text, not %s; if it is text, quote it", kindOf(node))
		return
	}
	// The node keeps a number as it was typed, so that 1.20 stays "1.20".
	into.SetString(node.Value)
}

func (d *decoder) decodeInt(node *yaml.Node, into reflect.Value, path string) {
	number, err := strconv.Atoi(node.Value)
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!int" || err != nil {
		d.addf(path, "must be a whole number, not %s", shown(node))
		return
	}
	into.SetInt(int64(number))
}

func shown(node *yaml.Node) string {
	if node.Kind == yaml.ScalarNode && len(node.Value) < 40 {
		return strconv.Quote(node.Value)
	}
	return kindOf(node)
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
