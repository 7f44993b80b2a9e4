package fleet

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// decoder fills a value from YAML nodes, notes the line of every field, and
// goes on after a problem. It knows what the Fleet types are made of: structs
// with JSON tags, maps of texts, slices, strings and integers.
type decoder struct {
	problems
	lines map[string]int
	nodes int
}

func (d *decoder) decode(node *yaml.Node, into reflect.Value, path string) {
	if !d.spend(path) {
		return
	}
	node = target(node)
	if isNull(node) {
		return // the same as a field that is not there
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

// spend counts a node, and reports whether there may still be one.
func (d *decoder) spend(path string) bool {
	d.nodes++
	if d.nodes == maxNodes+1 {
		d.addf(path, "the aliases up to here stand for too much; write the values out")
	}
	return d.nodes <= maxNodes
}

// target returns the node that an alias stands for.
func target(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

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
