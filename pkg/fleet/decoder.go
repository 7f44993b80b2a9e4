package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// maxFields bounds the work that aliases can multiply. A file of maxSize without aliases stays below it.
const maxFields = maxSize

// decode fills a value from a YAML node, records the line of every field, and continues after a problem. It supports what
// the Fleet types consist of: structs with JSON tags, maps of strings, slices, strings and integers.
func (p *problems) decode(node *yaml.Node, into reflect.Value, path string) {
	if node = target(node); isNull(node) || len(p.lines) > maxFields {
		return // null is the same as an absent field
	}
	if short := shortOf(into, node); short.IsValid() {
		into = short
	}
	accepted := map[reflect.Kind][]string{
		reflect.Struct: {"a mapping"}, reflect.Map: {"a mapping"}, reflect.Slice: {"a list"},
		reflect.String: {"text", "a number", "a whole number", "a date"}, reflect.Int: {"a whole number"},
	}[into.Kind()]
	if kind := kindOf(node); !slices.Contains(accepted, kind) {
		hint := map[string]string{"text": "; if it is text, quote it"}[accepted[0]]
		p.addf(path, "must be %s, not %s%s", accepted[0], kind, hint)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		fields := fieldsOf(into)
		p.each(node, path, func(key string, value *yaml.Node, child string) {
			if field, ok := fields[key]; ok {
				p.decode(value, field, child)
				return
			}
			p.addf(child, "unknown field%s", orKnown(key, slices.Sorted(maps.Keys(fields))))
		})
	case reflect.Map:
		filled := make(map[string]string)
		p.each(node, path, func(key string, value *yaml.Node, child string) {
			var text string
			if p.decode(value, reflect.ValueOf(&text).Elem(), child); !isNull(target(value)) {
				filled[key] = text
			}
		})
		into.Set(reflect.ValueOf(filled))
	case reflect.Slice:
		into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
		for i, item := range node.Content {
			child := fmt.Sprintf("%s[%d]", path, i)
			p.lines[child] = item.Line
			p.decode(item, into.Index(i), child)
		}
	case reflect.String:
		into.SetString(node.Value) // a number as it was typed, so that 1.20 stays "1.20"
	default:
		p.addIf(node.Decode(into.Addr().Interface()) != nil, path, "%q is not a whole number, or too large", node.Value)
	}
}

// shortOf returns the field that a scalar sets where a struct belongs: `canary: none` is short for `canary: {workspace: none}`.
func shortOf(into reflect.Value, node *yaml.Node) (field reflect.Value) {
	short := map[reflect.Type]string{reflect.TypeFor[v1alpha1.Canary](): "Workspace", reflect.TypeFor[v1alpha1.Satellite](): "ManagedBy"}
	if name := short[into.Type()]; name != "" && node.Kind == yaml.ScalarNode {
		field = into.FieldByName(name)
	}
	return field
}

// fieldsOf returns a struct's fields by their names in JSON, embedded ones included.
func fieldsOf(into reflect.Value) map[string]reflect.Value {
	fields := make(map[string]reflect.Value)
	for _, field := range reflect.VisibleFields(into.Type()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = into.FieldByIndex(field.Index)
		}
	}
	return fields
}

func (p *problems) each(node *yaml.Node, path string, do func(key string, value *yaml.Node, child string)) {
	for pair := range slices.Chunk(node.Content, 2) {
		key := target(pair[0])
		child := strings.TrimPrefix(path+"."+key.Value, ".")
		line, twice := p.lines[child]
		p.lines[child] = pair[0].Line
		switch {
		case twice:
			p.addf(child, "appears twice, also on line %d", line)
		case key.ShortTag() == "!!merge":
			p.addf(child, "merge keys are not supported; use defaults, or write the fields out")
		default:
			do(key.Value, pair[1], child)
		}
	}
}

func target(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

func kindOf(node *yaml.Node) string {
	tag := map[yaml.Kind]string{yaml.MappingNode: "!!map", yaml.SequenceNode: "!!seq"}[node.Kind]
	known := map[string]string{
		"!!map": "a mapping", "!!seq": "a list", "!!str": "text", "!!merge": "text", "!!int": "a whole number", "!!float": "a number",
		"!!bool": "a boolean", "!!timestamp": "a date",
	}
	return cmp.Or(known[cmp.Or(tag, node.ShortTag())], "a value of type "+node.ShortTag())
}
