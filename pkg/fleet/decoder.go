package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// maxNodes bounds the work that aliases can multiply. A file of maxSize without aliases stays below it.
const maxNodes = maxSize

// decoder fills a value from YAML nodes, records the line of every field, and continues after a problem. It supports what
// the Fleet types consist of: structs with JSON tags, maps of strings, slices, strings and integers.
type decoder struct {
	*problems
	nodes int
}

func (d *decoder) decode(node *yaml.Node, into reflect.Value, path string) {
	if !d.spend(path) {
		return
	}
	node = target(node)
	if isNull(node) {
		return // the same as an absent field
	}
	switch into.Kind() {
	case reflect.Struct:
		d.decodeStruct(node, into, path)
	case reflect.Map:
		d.decodeMap(node, into, path)
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

// spend counts a node and reports whether the limit allows it.
func (d *decoder) spend(path string) bool {
	d.nodes++
	d.addIf(d.nodes == maxNodes+1, path, "the aliases up to here expand to too much; write the values out")
	return d.nodes <= maxNodes
}

func (d *decoder) decodeStruct(node *yaml.Node, into reflect.Value, path string) {
	short := map[reflect.Type]string{ // `canary: none` is short for `canary: {workspace: none}`
		reflect.TypeFor[v1alpha1.Canary](): "Workspace", reflect.TypeFor[v1alpha1.Satellite](): "ManagedBy",
	}
	if field := short[into.Type()]; field != "" && node.Kind == yaml.ScalarNode {
		d.decodeString(node, into.FieldByName(field), path)
		return
	}
	fields := make(map[string][]int) // the index of each JSON field, embedded ones included
	for _, field := range reflect.VisibleFields(into.Type()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = field.Index
		}
	}
	d.each(node, path, func(key, value *yaml.Node, child string) {
		if index, ok := fields[key.Value]; ok {
			d.decode(value, into.FieldByIndex(index), child)
			return
		}
		d.addf(child, "unknown field%s", orKnown(key.Value, slices.Sorted(maps.Keys(fields))))
	})
}

// decodeMap fills a map of strings and drops keys whose value is null.
func (d *decoder) decodeMap(node *yaml.Node, into reflect.Value, path string) {
	filled := make(map[string]string)
	d.each(node, path, func(key, value *yaml.Node, child string) {
		var name, text string
		d.decodeString(target(key), reflect.ValueOf(&name).Elem(), child)
		d.decode(value, reflect.ValueOf(&text).Elem(), child)
		if !isNull(target(value)) {
			filled[name] = text
		}
	})
	into.Set(reflect.ValueOf(filled))
}

func (d *decoder) each(node *yaml.Node, path string, do func(key, value *yaml.Node, child string)) {
	if node.Kind != yaml.MappingNode {
		d.addf(path, "must be a mapping, not %s", kindOf(node))
		return
	}
	seen := make(map[string]int, len(node.Content)/2)
	for pair := range slices.Chunk(node.Content, 2) {
		key, child := pair[0], strings.TrimPrefix(path+"."+pair[0].Value, ".")
		if !d.spend(child) {
			return
		}
		d.lines[child] = key.Line
		line, twice := seen[key.Value]
		switch {
		case twice:
			d.addf(child, "appears twice, first on line %d", line)
			continue
		case key.ShortTag() == "!!merge":
			d.addf(child, "merge keys are not supported; use defaults, or write the fields out")
		default:
			do(key, pair[1], child)
		}
		seen[key.Value] = key.Line
	}
}

func (d *decoder) decodeSlice(node *yaml.Node, into reflect.Value, path string) {
	if node.Kind != yaml.SequenceNode {
		d.addf(path, "must be a list, not %s", kindOf(node))
		return
	}
	for i, item := range node.Content {
		if d.nodes > maxNodes {
			return
		}
		child := fmt.Sprintf("%s[%d]", path, i)
		d.lines[child] = item.Line
		value := reflect.New(into.Type().Elem()).Elem()
		d.decode(item, value, child)
		into.Set(reflect.Append(into, value))
	}
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
	switch {
	case node.Kind == yaml.ScalarNode && node.ShortTag() == "!!int" && err == nil:
		into.SetInt(int64(number))
	case node.Kind == yaml.ScalarNode && len(node.Value) < 40:
		d.addf(path, "must be a whole number, not %q", node.Value)
	default:
		d.addf(path, "must be a whole number, not %s", kindOf(node))
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
	known := map[string]string{
		"!!map": "a mapping", "!!seq": "a list", "!!str": "text", "!!int": "a number", "!!float": "a number", "!!bool": "a boolean",
	}
	return cmp.Or(known[node.ShortTag()], "a value of type "+node.ShortTag())
}
