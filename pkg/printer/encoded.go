package printer

import (
	"bytes"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
)

// asJSON returns a document as JSON. What cli-runtime leaves raw although a
// terminal would obey it, or YAML would refuse it, is written as \uXXXX, which
// programs read as the same.
func asJSON(document runtime.Object) ([]byte, error) {
	var raw bytes.Buffer
	if err := (&printers.JSONPrinter{}).PrintObj(document, &raw); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, r := range raw.String() {
		if unsafe(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.Bytes(), nil
}

func printJSON(document runtime.Object, w io.Writer) error {
	data, err := asJSON(document)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// yamlPrinter prints documents as YAML, the second and later ones after a
// separator, as --watch needs.
type yamlPrinter struct {
	printed bool
}

func (p *yamlPrinter) PrintObj(document runtime.Object, w io.Writer) error {
	data, err := asJSON(document)
	if err != nil {
		return err
	}
	if data, err = yaml.JSONToYAML(data); err != nil {
		return fmt.Errorf("the document cannot be written as YAML: %w", err)
	}
	if p.printed {
		data = append([]byte("---\n"), data...)
	}
	p.printed = true
	_, err = w.Write(data)
	return err
}
