package fleet

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Decode decodes a Fleet document strictly but does not validate the values. Errors are joined *FieldError values that
// show file as the file's name.
func Decode(file string, data []byte) (*v1alpha1.Fleet, error) {
	fleet, _, err := decode(file, data)
	return fleet, err
}

// decode reads one YAML (or JSON) document strictly. The returned problems know the line of each field. It walks the nodes
// itself, because neither yaml.v3 (no JSON tags) nor sigs.k8s.io/yaml (no lines) can name the line of an unknown field.
func decode(file string, data []byte) (*v1alpha1.Fleet, *problems, error) {
	root, err := parse(file, data)
	if err != nil {
		return nil, nil, err
	}
	fleet, p := &v1alpha1.Fleet{}, &problems{file: file, lines: map[string]int{"": root.Line}}
	if root.Kind != yaml.MappingNode {
		p.addf("", "not a Fleet: the document is %s, not a mapping", kindOf(root))
		return nil, nil, p.err()
	}
	p.decode(root, reflect.ValueOf(fleet).Elem(), "")
	p.addIf(len(p.lines) > maxFields, "", "its aliases expand to too much; write the values out")
	// In a document of another kind, unknown fields would bury the one mistake.
	if err := checkKind(fleet, p); err != nil {
		return nil, nil, err
	}
	if err := p.err(); err != nil {
		return nil, nil, err
	}
	return fleet, p, nil
}

func parse(file string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err, more := decoder.Decode(&first), decoder.Decode(&second)
	switch {
	case errors.Is(err, io.EOF) || err == nil && (len(first.Content) == 0 || first.Content[0].Tag == "!!null"):
		return nil, &FieldError{File: file, Problem: "is empty; `kubectl coder-satellite discover` prints a Fleet to start from"}
	case err == nil && more == nil:
		return nil, &FieldError{File: file, Line: second.Line, Problem: "a second document begins here; a Fleet file holds one"}
	case err != nil, !errors.Is(more, io.EOF):
		return nil, syntaxError(file, cmp.Or(err, more))
	}
	return first.Content[0], nil
}

// syntaxError extracts the line from the text of yaml.v3's error, which has no field for it.
func syntaxError(file string, err error) error {
	match := regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`).FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(match[1])
	if strings.HasPrefix(match[2], "did not find expected") {
		line++ // yaml.v3 counts lines from 0 in the errors of its parser, and from 1 in those of its scanner
	}
	return &FieldError{File: file, Line: line, Problem: "not valid YAML: " + match[2]}
}

func checkKind(fleet *v1alpha1.Fleet, p *problems) error {
	kind := &problems{file: p.file, lines: p.lines}
	for _, field := range []struct{ path, value, want string }{
		{"apiVersion", fleet.APIVersion, v1alpha1.GroupVersion().String()}, {"kind", fleet.Kind, v1alpha1.KindFleet},
	} {
		kind.addIf(field.value == "", field.path, "missing; must be %q", field.want)
		kind.addIf(field.value != "" && field.value != field.want, field.path, "is %q, must be %q", field.value, field.want)
	}
	return kind.err()
}
