package printer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// DefaultWidth is the most columns that are read well, also where a terminal has more.
const DefaultWidth = 100

// Options say how text for people looks; they change no other format, except NoHeaders.
type Options struct {
	// Width is the most columns that text takes; with 0 nothing is cut or wrapped.
	Width int
	// Color is set where text is coloured; the caller knows about terminals and NO_COLOR.
	Color bool
	// NoHeaders leaves out the titles of columns, custom ones too.
	NoHeaders bool
	// Ahead is set when a Plan is about to be carried out: it is then shown without manifest diffs.
	Ahead bool
}

// Formats returns the names of the output formats, for help and completion. A
// name that ends in "=" takes an argument.
func Formats() []string {
	return []string{"json", "yaml", "name", "wide", "jsonpath=", "jsonpath-file=", "go-template=", "go-template-file=", "custom-columns=", "custom-columns-file="}
}

// New returns the printer of an output format, which prints the documents of
// v1alpha1 and nothing else. An empty format means text for people, and "wide"
// the same with more in it. The error is about the format, such as a template
// that does not parse.
func New(format string, options Options) (printers.ResourcePrinter, error) {
	if options.Width <= 0 {
		options.Width = math.MaxInt32
	}
	inner, err := forFormat(format, options)
	if err != nil {
		return nil, err
	}
	return printers.ResourcePrinterFunc(func(document runtime.Object, w io.Writer) error {
		kind, err := kindOf(document)
		if err != nil {
			return err
		}
		if document.GetObjectKind().GroupVersionKind().Empty() {
			document = document.DeepCopyObject()
			document.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(kind))
		}
		clean, err := withoutSecrets(document)
		if err != nil {
			return err
		}
		return inner.PrintObj(clean, w)
	}), nil
}

// withoutSecrets returns the document without what looks like a secret in its
// texts: for every format alike, templates too, and whoever made the text.
func withoutSecrets(document runtime.Object) (runtime.Object, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	clean := redact.JSON(data)
	if bytes.Equal(clean, data) {
		return document, nil
	}
	fresh, ok := reflect.New(reflect.TypeOf(document).Elem()).Interface().(runtime.Object)
	if !ok {
		return nil, fmt.Errorf("cannot print a %T", document) // a pointer to a document is one
	}
	return fresh, json.Unmarshal(clean, fresh)
}

func forFormat(format string, options Options) (printers.ResourcePrinter, error) {
	switch format {
	case "", "wide":
		return human{Options: options, wide: format == "wide"}, nil
	case "json":
		return &encoded{}, nil
	case "yaml":
		return &encoded{yaml: true}, nil
	case "name":
		return printers.ResourcePrinterFunc(printNames), nil
	}
	templates, err := genericclioptions.NewKubeTemplatePrintFlags().ToPrinter(format)
	if err == nil || !genericclioptions.IsNoCompatiblePrinterError(err) {
		return checked(templates, format, err)
	}
	if name, argument, ok := strings.Cut(format, "="); ok && (name == "custom-columns" || name == "custom-columns-file") {
		columns, err := newCustomColumns(name, argument)
		if err == nil {
			columns.printed = options.NoHeaders
		}
		return checked(columns, format, err)
	}
	return nil, fmt.Errorf("cannot use the output format %q; use one of %s", format, strings.Join(Formats(), ", "))
}

func checked(p printers.ResourcePrinter, format string, err error) (printers.ResourcePrinter, error) {
	if err != nil {
		return nil, fmt.Errorf("cannot use the output format %q: %w", format, err)
	}
	return p, nil
}

// kindOf returns the kind of a document, which is the name of its type; an error if it
// is none of ours.
func kindOf(document runtime.Object) (string, error) {
	t := reflect.TypeOf(document)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().PkgPath() != reflect.TypeFor[v1alpha1.Plan]().PkgPath() {
		return "", fmt.Errorf("cannot print a %T: it is no document of %s", document, v1alpha1.GroupVersion())
	}
	return t.Elem().Name(), nil
}
