package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// typed returns the schema of a type. nullable is set where encoding/json writes null for a
// missing value.
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
	case *ast.MapType: // keys are strings
		values, err := b.typed(t.Value, false)
		return object{"type": orNull("object"), "additionalProperties": values}, err
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
		b.definitions[name] = nil // a type may contain itself
		definition, err := b.structure(structure)
		if err != nil {
			return nil, err
		}
		b.definitions[name] = definition
	}
	return object{"$ref": "#/definitions/" + name}, nil
}

// valuesOf lists the meanings of a string type's values; empty if it has none.
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
