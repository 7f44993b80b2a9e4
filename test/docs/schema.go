package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// dialect is the JSON Schema draft that editors support best: yaml-language-server, and through
// it VS Code and others.
const dialect = "http://json-schema.org/draft-07/schema#"

// object is a JSON object. json.Marshal sorts its keys.
type object = map[string]any

// schemas returns the JSON Schema of every document, by file name, and README.md with a list of
// them.
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

// schemaBuilder builds one schema. Structs other than the document itself become definitions.
type schemaBuilder struct {
	*source
	// input is set if the plugin reads the document, and so refuses unknown fields. Programs that
	// read the plugin's output must accept new ones.
	input bool
	// yaml is set if people write the document. Then a number is accepted as a string, and null
	// is not written.
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
		schema = object{"allOf": []any{schema}} // draft 7 ignores everything next to a $ref
	}
	schema["description"] = f.about()
	if about := b.valuesOf(f.typ); about != "" {
		schema["description"] = f.about() + "\n\n" + about
	}
	return schema, f.apply(schema)
}
