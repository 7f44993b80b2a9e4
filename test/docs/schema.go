package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// dialect is the one that editors know best: yaml-language-server, and by it
// VS Code and others.
const dialect = "http://json-schema.org/draft-07/schema#"

// object is a JSON object; json.Marshal sorts its keys.
type object = map[string]any

// schemas returns the JSON Schema of every document, by file name, and
// README.md, which lists them.
func schemas(s *source) (map[string][]byte, error) {
	files := map[string][]byte{"README.md": schemaIndex(s)}
	for _, kind := range s.kinds {
		schema, err := s.schema(kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(schema); err != nil {
			return nil, err
		}
		files[schemaFile(kind)] = text.Bytes()
	}
	return files, nil
}

func schemaFile(kind string) string { return strings.ToLower(kind) + ".json" }

// schema returns the schema of a document.
func (s *source) schema(kind string) (object, error) {
	document := s.structs[kind]
	_, input := document.markers["input"]
	b := &schemaBuilder{source: s, input: input, yaml: kind == v1alpha1.KindFleet, definitions: object{}}
	schema, err := b.structure(document)
	if err != nil {
		return nil, err
	}
	schema["$schema"], schema["$id"], schema["title"] = dialect, v1alpha1.SchemaFolder+schemaFile(kind), kind
	schema["definitions"] = b.definitions
	return schema, nil
}

// schemaBuilder makes one schema. Structs other than the document itself become
// definitions.
type schemaBuilder struct {
	*source
	// input is set if the plugin reads the document, and refuses unknown fields.
	// Readers of what it prints must be prepared for new ones.
	input bool
	// yaml is set if people write the document. A number then is as good a text,
	// and null is not written.
	yaml        bool
	definitions object
}

func (b *schemaBuilder) structure(t *structType) (object, error) {
	properties := object{}
	required := []string{}
	if t.document {
		required = append(required, "apiVersion", "kind")
		properties["apiVersion"] = object{"const": v1alpha1.GroupVersion().String(), "description": "The version of the document's form."}
		properties["kind"] = object{"const": t.name, "description": "Which document this is."}
	}
	for _, f := range t.fields {
		property, err := b.property(f)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.name, f.goName, err)
		}
		properties[f.name] = property
		if !f.optional {
			required = append(required, f.name)
		}
	}
	schema := object{"type": "object", "description": t.doc, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	if b.input {
		schema["additionalProperties"] = false
	}
	if short, ok := t.markers["shortForm"]; ok {
		return object{"description": t.doc, "anyOf": []any{schema, properties[short]}}, nil
	}
	return schema, nil
}

func (b *schemaBuilder) property(f field) (object, error) {
	schema, err := b.typed(f.typ, !f.optional)
	if err != nil {
		return nil, err
	}
	if _, ok := schema["$ref"]; ok {
		schema = object{"allOf": []any{schema}} // draft 7 sees nothing beside a $ref
	}
	schema["description"] = f.about()
	if about := b.valuesOf(f.typ); about != "" {
		schema["description"] = f.about() + "\n\n" + about
	}
	return schema, f.apply(schema)
}

// typed returns the schema of a type. nullable is set where encoding/json writes
// null for what is not there.
func (b *schemaBuilder) typed(typ ast.Expr, nullable bool) (object, error) {
	orNull := func(name string) any {
		if nullable && !b.yaml {
			return []string{name, "null"}
		}
		return name
	}
	switch t := typ.(type) {
	case *ast.StarExpr:
		return b.typed(t.X, nullable)
	case *ast.ArrayType:
		items, err := b.typed(t.Elt, false)
		return object{"type": orNull("array"), "items": items}, err
	case *ast.Ident:
		return b.named(t.Name)
	}
	if isMeta(typ, "Time") {
		return object{"type": orNull("string"), "format": "date-time"}, nil
	}
	return nil, fmt.Errorf("a %T is not known to this generator", typ)
}

func (b *schemaBuilder) named(name string) (object, error) {
	switch name {
	case "bool":
		return object{"type": "boolean"}, nil
	case "int", "int64":
		return object{"type": "integer"}, nil
	case "string":
		if b.yaml {
			return object{"type": []string{"string", "number"}}, nil
		}
		return object{"type": "string"}, nil
	}
	if text, ok := b.texts[name]; ok {
		values := make([]string, len(text.values))
		for i, value := range text.values {
			values[i] = value.text
		}
		return object{"type": "string", "enum": values}, nil
	}
	structure, ok := b.structs[name]
	if !ok {
		return nil, fmt.Errorf("the type %s is not known to this generator", name)
	}
	if _, begun := b.definitions[name]; !begun {
		b.definitions[name] = nil // a type may hold itself
		definition, err := b.structure(structure)
		if err != nil {
			return nil, err
		}
		b.definitions[name] = definition
	}
	return object{"$ref": "#/definitions/" + name}, nil
}

// valuesOf is a list of what a text's values mean; empty if it has none.
func (b *schemaBuilder) valuesOf(typ ast.Expr) string {
	name, ok := typ.(*ast.Ident)
	if !ok || b.texts[name.Name] == nil {
		return ""
	}
	var lines []string
	for _, value := range b.texts[name.Name].values {
		line := "- " + value.text
		if value.doc != "" {
			line += ": " + value.doc
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// apply puts what the comment's markers say into the schema: +default=JSON, and
// +k8s:validation:KEYWORD=JSON, or with items: before the keyword, of a list's items.
func (c comment) apply(schema object) error {
	for marker, text := range c.markers {
		keyword, ok := strings.CutPrefix(marker, "k8s:validation:")
		if !ok && marker != "default" {
			return fmt.Errorf("the marker +%s is not known to this generator", marker)
		}
		if !ok {
			keyword = marker
		}
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("the marker +%s: %w", marker, err)
		}
		at := schema
		for {
			rest, ok := strings.CutPrefix(keyword, "items:")
			items, isList := at["items"].(object)
			if !ok || !isList {
				break
			}
			keyword, at = rest, items
		}
		at[keyword] = value
		if keyword == "format" {
			at["type"] = "string" // a number has none
		}
	}
	return nil
}
