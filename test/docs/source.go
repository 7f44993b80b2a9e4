package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// apiFolder contains the types of the documents.
const apiFolder = "pkg/api/v1alpha1"

// source is the parsed source of the package of documents: types, comments, constants. It is
// parsed rather than reflected on, because only the source has the comments and shows which
// constants belong to a type.
type source struct {
	structs map[string]*structType
	texts   map[string]*textType
	// kinds are the structs that are documents, sorted by name.
	kinds []string
}

// structType is a struct with JSON tags.
type structType struct {
	name string
	comment
	fields []field
	// inlined is the struct whose fields come before its own; empty if there is none.
	inlined string
	// document is set if it has a kind and an API version.
	document bool
}

type field struct {
	goName, name string
	comment
	typ ast.Expr
	// optional is set if encoding/json may leave the field out.
	optional bool
}

// textType is a string type with constants.
type textType struct {
	comment
	values []value
}

type value struct{ text, doc string }

// readSource reads the package in the folder.
func readSource(folder string) (*source, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
	}
	if len(parsed) == 0 {
		return nil, fmt.Errorf("%s has no Go files: run this from the repository's root", folder)
	}
	pkg, err := doc.NewFromFiles(files, parsed, folder, doc.PreserveAST)
	if err != nil {
		return nil, err
	}
	s := &source{structs: map[string]*structType{}, texts: map[string]*textType{}}
	for _, t := range pkg.Types {
		if err := s.add(t); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	for _, structure := range s.structs {
		if inlined := s.structs[structure.inlined]; inlined != nil {
			structure.fields = slices.Concat(inlined.fields, structure.fields)
		}
	}
	return s, nil
}

func (s *source) add(t *doc.Type) error {
	spec, ok := t.Decl.Specs[0].(*ast.TypeSpec)
	if !ok {
		return errors.New("its declaration holds no type")
	}
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		read := &structType{name: t.Name, comment: newComment(t.Doc)}
		for _, f := range typ.Fields.List {
			if err := read.add(f); err != nil {
				return err
			}
		}
		s.structs[t.Name] = read
		if read.document {
			s.kinds = append(s.kinds, t.Name)
		}
	case *ast.Ident:
		if typ.Name != "string" {
			return fmt.Errorf("a type of %s is not known to this generator", typ.Name)
		}
		values, err := valuesOf(t.Consts)
		if err != nil {
			return err
		}
		s.texts[t.Name] = &textType{newComment(t.Doc), values}
	default:
		return fmt.Errorf("a %T is not known to this generator", typ)
	}
	return nil
}

func (s *structType) add(f *ast.Field) error {
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return err
	}
	name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	switch {
	case len(f.Names) == 0 && isMeta(f.Type, "TypeMeta"):
		s.document = true
		return nil
	case len(f.Names) == 0 && options == "inline":
		embedded, ok := f.Type.(*ast.Ident)
		if !ok || s.inlined != "" {
			return errors.New("only one struct of this package can be inlined")
		}
		s.inlined = embedded.Name
		return nil
	case len(f.Names) != 1 || name == "":
		return errors.New("every field needs a line and a JSON name of its own")
	}
	s.fields = append(s.fields, field{
		goName: f.Names[0].Name, name: name, comment: newComment(f.Doc.Text()), typ: f.Type,
		optional: strings.Contains(options, "omit"), // omitempty or omitzero
	})
	return nil
}

// valuesOf returns a type's constants, with the comments behind them.
func valuesOf(groups []*doc.Value) ([]value, error) {
	var values []value
	for _, group := range groups {
		for _, spec := range group.Decl.Specs {
			constant, ok := spec.(*ast.ValueSpec)
			if !ok || len(constant.Values) != 1 {
				return nil, errors.New("every constant needs a line and a value of its own")
			}
			literal, ok := constant.Values[0].(*ast.BasicLit)
			if !ok {
				return nil, fmt.Errorf("the constant %s is not a literal", constant.Names[0].Name)
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				return nil, err
			}
			values = append(values, value{text, newComment(constant.Comment.Text()).doc})
		}
	}
	return values, nil
}

// isMeta reports whether a type is the one of that name in apimachinery's metav1.
func isMeta(typ ast.Expr, name string) bool {
	selector, ok := typ.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := selector.X.(*ast.Ident)
	return ok && pkg.Name == "metav1" && selector.Sel.Name == name
}
