package printer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
)

// customColumns prints a row for each item, as kubectl does for each object of a list, with the same syntax. Kubectl's
// own is in the package of `kubectl get`, whose translations alone double the start-up time of every command.
type customColumns struct {
	headers []string
	cells   []*printers.JSONPathPrinter
	printed bool // set when no more headers are to be printed; --watch prints them once
}

// newCustomColumns parses HEADER:PATH,HEADER:PATH... or a file with a line of headers and a line of paths.
func newCustomColumns(format, argument string, noHeaders bool) (*customColumns, error) {
	if argument == "" {
		return nil, errors.New("no custom columns given")
	}
	var headers, paths []string
	if format == "custom-columns-file" {
		data, err := os.ReadFile(argument)
		if err != nil {
			return nil, err
		}
		first, rest, _ := strings.Cut(string(data), "\n")
		second, _, _ := strings.Cut(rest, "\n")
		headers, paths = strings.Fields(first), strings.Fields(second)
		if len(headers) == 0 || len(headers) != len(paths) {
			return nil, fmt.Errorf("%s has %d headers in its first line and %d paths in its second; it needs one path for each header",
				argument, len(headers), len(paths))
		}
	} else {
		for column := range strings.SplitSeq(argument, ",") {
			header, path, ok := strings.Cut(column, ":")
			if !ok {
				return nil, fmt.Errorf("column %q: expected <header>:<json-path-expr>", column)
			}
			headers, paths = append(headers, header), append(paths, path)
		}
	}
	columns := &customColumns{headers: headers, printed: noHeaders}
	relaxed := regexp.MustCompile(`^(?:\{\.?([^{}]+)\}|\.?([^{}]+))$`) // as in kubectl: name, .name, {name}, {.name}
	for i, path := range paths {
		parts := relaxed.FindStringSubmatch(path)
		if parts == nil {
			return nil, fmt.Errorf("column %q: %q is no path; write it as .name or {.name}", headers[i], path)
		}
		cell, err := printers.NewJSONPathPrinter("{." + parts[1] + parts[2] + "}")
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", headers[i], err)
		}
		cell.AllowMissingKeys(true)
		columns.cells = append(columns.cells, cell)
	}
	return columns, nil
}

func (c *customColumns) PrintObj(document runtime.Object, w io.Writer) error {
	tabs := printers.GetNewTabWriter(w)
	if !c.printed {
		fmt.Fprintln(tabs, strings.Join(c.headers, "\t"))
		c.printed = true
	}
	list, err := items(document)
	if err != nil {
		return err
	}
	for _, item := range list {
		row, err := c.row(item)
		if err != nil {
			return fmt.Errorf("the %s %q cannot be printed in columns: %w", item.kind, item.name, err)
		}
		fmt.Fprintln(tabs, strings.Join(row, "\t"))
	}
	return tabs.Flush()
}

func (c *customColumns) row(item item) ([]string, error) {
	row := make([]string, len(c.cells))
	for i, cell := range c.cells {
		found, err := cell.FindResults(item.content)
		if err != nil {
			return nil, err
		}
		var values []string
		for _, value := range slices.Concat(found...) {
			values = append(values, line(fmt.Sprint(value.Interface())))
		}
		if row[i] = strings.Join(values, ","); len(values) == 0 {
			row[i] = "<none>"
		}
	}
	return row, nil
}

type item struct {
	kind, name string
	content    any
}

// items returns the regions, workspaces or checks that a document lists, in its order, or the document itself.
func items(document runtime.Object) ([]item, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(document)
	if err != nil {
		return nil, err
	}
	for _, list := range []struct{ field, kind, name string }{{"regions", "region", "name"}, {"workspaces", "workspace", "name"}, {"items", "check", "id"}} {
		if listed, ok := content[list.field]; ok {
			entries, _ := listed.([]any) // nil if it is null
			found := make([]item, len(entries))
			for i, entry := range entries {
				fields, _ := entry.(map[string]any)
				found[i] = item{list.kind, fmt.Sprint(fields[list.name]), fields}
			}
			return found, nil
		}
	}
	return []item{{"version", fmt.Sprint(content["version"]), content}}, nil
}

func printNames(document runtime.Object, w io.Writer) error {
	list, err := items(document)
	for i := 0; i < len(list) && err == nil; i++ {
		_, err = fmt.Fprintf(w, "%s/%s\n", list[i].kind, line(list[i].name))
	}
	return err
}
