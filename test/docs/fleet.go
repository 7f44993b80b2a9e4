package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// modeline is the comment that points yaml-language-server to the Fleet's schema.
const modeline = "# yaml-language-server: $schema=" + v1alpha1.SchemaFolder + "fleet.json"

// fleetExample is a Fleet that uses every field.
//
//go:embed fleet.yaml
var fleetExample []byte

// fleetPage is the reference of the Fleet file.
func fleetPage(s *source) ([]byte, error) {
	var example yaml.Node
	if err := yaml.Unmarshal(fleetExample, &example); err != nil {
		return nil, err
	}
	page := &fleetWriter{source: s, seen: map[string]bool{}}
	fmt.Fprintf(&page.text, `%s# The Fleet file

%s `+"`discover`"+` begins one; `+"`-f fleet.yaml`"+` names it to every verb.

- A field that is not known is refused, with its line. A field that is null counts as left out.
- Text need not be quoted, even if it looks like a number: %[4]s is the text "1.20".
- Paths are relative to the Fleet file; of a Fleet from standard input, to the working directory.
- A Fleet holds no secrets. The token comes from the login.

The [JSON Schema](../schema/v1alpha1/fleet.json) says the same to editors: [how](../schema/v1alpha1/README.md). All of it at once:

`+"```yaml\n%[3]s```\n", generated, s.structs[v1alpha1.KindFleet].doc, fleetExample, "`version: 1.20`")
	err := page.section(v1alpha1.KindFleet, "", example.Content[:1])
	page.text.WriteString("\n[All commands](README.md)\n")
	return page.text.Bytes(), err
}

type fleetWriter struct {
	*source
	text bytes.Buffer
	seen map[string]bool
}

// section describes the struct at a path, and then the structs in it. Its examples are the parts
// of the whole example at that path; the first one is shown.
func (w *fleetWriter) section(name, path string, examples []*yaml.Node) error {
	t := w.structs[name]
	if w.seen[name] {
		return nil
	}
	w.seen[name] = true
	if path == "" {
		fmt.Fprintf(&w.text, "\n## The top level\n\n")
	} else {
		fmt.Fprintf(&w.text, "\n## %s\n\n%s\n\n", path, t.doc)
	}
	w.text.WriteString("| field | type | default | meaning |\n|---|---|---|---|\n")
	if t.document {
		fmt.Fprintf(&w.text, "| `apiVersion` | string | **required** | `%s` |\n", v1alpha1.GroupVersion())
		fmt.Fprintf(&w.text, "| `kind` | string | **required** | `%s` |\n", name)
	}
	for _, f := range t.fields {
		fmt.Fprintf(&w.text, "| `%s` | %s | %s | %s |\n", f.name, w.typeOf(f.typ, join(path, f.name)), f.shownDefault(), oneLine(f.about()))
	}
	if path != "" {
		if err := w.fragment(examples[0]); err != nil {
			return err
		}
	}
	for _, f := range t.fields {
		if child := structName(f.typ); w.structs[child] != nil {
			parts, at := parts(examples, f)
			if len(parts) == 0 {
				return fmt.Errorf("the example has no %s", join(path, f.name))
			}
			if err := w.section(child, join(path, at), parts); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *fleetWriter) fragment(example *yaml.Node) error {
	w.text.WriteString("\n```yaml\n")
	encoder := yaml.NewEncoder(&w.text)
	encoder.SetIndent(2)
	if err := encoder.Encode(example); err != nil {
		return err
	}
	w.text.WriteString("```\n")
	return nil
}

// parts returns the values of the field in the examples, and the field's path. For a list it
// returns the items.
func parts(examples []*yaml.Node, f field) (found []*yaml.Node, at string) {
	at = f.name
	for _, example := range examples {
		for i := 0; i+1 < len(example.Content); i += 2 {
			value := example.Content[i+1]
			switch {
			case example.Content[i].Value != f.name:
			case value.Kind == yaml.SequenceNode:
				found, at = append(found, value.Content...), f.name+"[]"
			default:
				found = append(found, value)
			}
		}
	}
	return found, at
}

// typeOf names a type for readers. A struct links to its section.
func (w *fleetWriter) typeOf(typ ast.Expr, path string) string {
	switch t := typ.(type) {
	case *ast.ArrayType:
		return "list of " + w.typeOf(t.Elt, path+"[]")
	case *ast.StarExpr:
		return w.typeOf(t.X, path)
	case *ast.MapType:
		return "map of " + w.typeOf(t.Key, path) + " to " + w.typeOf(t.Value, path)
	case *ast.Ident:
		structure := w.structs[t.Name]
		switch {
		case t.Name == "int":
			return "integer"
		case structure == nil:
			return t.Name
		}
		link := fmt.Sprintf("[%s](#%s)", t.Name, strings.NewReplacer(".", "", "[", "", "]", "").Replace(strings.ToLower(path)))
		if short, ok := structure.markers["shortForm"]; ok {
			link += ", or its " + short
		}
		return link
	}
	return "?"
}

func structName(typ ast.Expr) string {
	switch t := typ.(type) {
	case *ast.ArrayType:
		return structName(t.Elt)
	case *ast.StarExpr:
		return structName(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

func (f field) shownDefault() string {
	if text, ok := f.markers["default"]; ok {
		return "`" + strings.Trim(text, `"`) + "`"
	}
	if !f.optional {
		return "**required**"
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// oneLine joins a text into one line, for a table.
func oneLine(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", `\|`)
}
