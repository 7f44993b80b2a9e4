// Package printer shows documents of v1alpha1, as text for people or as JSON, YAML and templates for programs, and the
// progress of a run. It gets documents and events only, never clients.
//
// Texts from APIs and users are escaped before they reach a terminal, and secrets are removed: from documents in New,
// from everything else in Escape. Text takes at most Options.Width columns, except manifest diffs and commands to copy.
package printer

import (
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

// DefaultWidth is the most columns that are easy to read, however wide the terminal is.
const DefaultWidth = 100

// Options control text for people; NoHeaders applies to custom columns, too.
type Options struct {
	Width     int  // the most columns that text takes; with 0 nothing is cut or wrapped
	Color     bool // the caller considers terminals and NO_COLOR
	NoHeaders bool // leaves out the titles of columns
	Ahead     bool // set when a Plan is about to be executed: it is then shown without manifest diffs
}

// Formats returns the names of the output formats, for help and completion. A name that ends in "=" takes an argument.
func Formats() []string {
	return []string{"json", "yaml", "name", "wide", "jsonpath=", "jsonpath-file=", "go-template=", "go-template-file=", "custom-columns=", "custom-columns-file="}
}

// New returns the printer of an output format, for documents of v1alpha1 only. An empty format means text for people,
// and "wide" more of it. The error is about the format, for example a template that does not parse.
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
		return inner.PrintObj(document, w)
	}), nil
}

// forFormat returns the printer of a format. It removes secrets from all texts.
func forFormat(format string, options Options) (printers.ResourcePrinter, error) {
	switch format {
	case "", "wide":
		return printers.ResourcePrinterFunc(func(document runtime.Object, w io.Writer) error {
			return (&page{Options: options, wide: format == "wide"}).print(document, w)
		}), nil
	case "json":
		return encoded(&printers.JSONPrinter{}), nil
	case "yaml":
		return encoded(&printers.YAMLPrinter{}), nil
	case "name":
		return withoutSecrets(printers.ResourcePrinterFunc(printNames)), nil
	}
	printer, err := genericclioptions.NewKubeTemplatePrintFlags().ToPrinter(format)
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		name, argument, ok := strings.Cut(format, "=")
		if !ok || name != "custom-columns" && name != "custom-columns-file" {
			return nil, fmt.Errorf("cannot use the output format %q; use one of %s", format, strings.Join(Formats(), ", "))
		}
		printer, err = newCustomColumns(name, argument, options.NoHeaders)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot use the output format %q: %w", format, err)
	}
	return withoutSecrets(printer), nil
}

func withoutSecrets(printer printers.ResourcePrinter) printers.ResourcePrinter {
	return printers.ResourcePrinterFunc(func(document runtime.Object, w io.Writer) error {
		clean, err := changed(document, redact.Text)
		if err != nil {
			return err
		}
		return printer.PrintObj(clean, w)
	})
}

// changed returns the document with a change applied to each of its texts.
func changed(document runtime.Object, change func(string) string) (runtime.Object, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	fresh, _ := reflect.New(reflect.TypeOf(document).Elem()).Interface().(runtime.Object) // as the document is one
	return fresh, json.Unmarshal(redact.Strings(data, change), fresh)
}

// kindOf returns the kind of a document of v1alpha1, which is the name of its type.
func kindOf(document runtime.Object) (string, error) {
	t := reflect.TypeOf(document)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().PkgPath() != reflect.TypeFor[v1alpha1.Plan]().PkgPath() {
		return "", fmt.Errorf("cannot print a %T: it is no document of %s", document, v1alpha1.GroupVersion())
	}
	return t.Elem().Name(), nil
}
