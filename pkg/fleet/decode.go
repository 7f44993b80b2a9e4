package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// maxNodes bounds the work that aliases can multiply; a file of maxSize without
// aliases stays below it.
const maxNodes = maxSize

// document is a decoded Fleet with the line of each field.
type document struct {
	fleet v1alpha1.Fleet
	lines map[string]int
}

// decode reads one YAML (or JSON) document strictly. It walks the nodes itself
// because neither yaml.v3, which knows no JSON tags, nor sigs.k8s.io/yaml, which
// knows no lines, can name the line of an unknown field of these types.
func decode(file string, data []byte) (*document, error) {
	root, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	doc := &document{lines: map[string]int{"": root.Line}}
	d := &decoder{lines: doc.lines, problems: problems{origin: fileOrigin{file: file, lines: doc.lines}}}
	if root.Kind != yaml.MappingNode {
		d.addf("", "not a Fleet: the document is %s, not a mapping", kindOf(root))
		return nil, d.err()
	}
	// A document of another kind would only bury its one mistake under unknown fields.
	if !d.checkKind(root) {
		return nil, d.err()
	}
	d.decode(root, reflect.ValueOf(&doc.fleet).Elem(), "")
	if err := d.err(); err != nil {
		return nil, err
	}
	return doc, nil
}

func parse(file string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && isEmpty(&first) {
		return nil, &FieldError{File: file, Problem: "is empty; `kubectl coder-satellite discover` prints a Fleet to start from"}
	}
	if err != nil {
		return nil, syntaxError(file, err)
	}
	err = decoder.Decode(&second)
	switch {
	case err == nil:
		return nil, &FieldError{File: file, Line: second.Line, Problem: "a second document begins here; a Fleet file holds one"}
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(file, err)
	}
	return first.Content[0], nil
}

func isEmpty(node *yaml.Node) bool {
	return len(node.Content) == 0 || node.Content[0].Tag == "!!null"
}

// syntaxError takes the line out of yaml.v3's text, the only place where it is.
func syntaxError(file string, err error) error {
	match := regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`).FindStringSubmatch(err.Error())
	if match == nil {
		return &FieldError{File: file, Problem: "not valid YAML: " + err.Error()}
	}
	line, _ := strconv.Atoi(match[1])
	if strings.HasPrefix(match[2], "did not find expected") {
		line++ // yaml.v3 counts lines from 0 in the errors of its parser, and from 1 in those of its scanner
	}
	return &FieldError{File: file, Line: line, Problem: "not valid YAML: " + match[2]}
}

// checkKind tells whether the document says that it is a Fleet of this version.
func (d *decoder) checkKind(root *yaml.Node) bool {
	want := map[string]string{"apiVersion": v1alpha1.GroupVersion().String(), "kind": v1alpha1.KindFleet}
	ok := true
	for _, field := range []string{"apiVersion", "kind"} {
		value := ""
		for i := 0; i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value == field {
				value = root.Content[i+1].Value
				d.lines[field] = root.Content[i].Line
			}
		}
		if value == want[field] {
			continue
		}
		ok = false
		if value == "" {
			d.addf(field, "missing; must be %q", want[field])
		} else {
			d.addf(field, "is %q, must be %q", value, want[field])
		}
	}
	return ok
}

func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		switch node.ShortTag() {
		case "!!str":
			return "text"
		case "!!int", "!!float":
			return "a number"
		case "!!bool":
			return "a boolean"
		}
	}
	return fmt.Sprintf("a value of type %s", node.ShortTag())
}
