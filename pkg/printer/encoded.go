package printer

import (
	"bytes"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
)

// encoded prints documents as JSON, or as YAML: then the second and later ones after
// a separator, as --watch needs. What cli-runtime leaves raw although a terminal
// would obey it, or YAML would refuse it, is written as \uXXXX in JSON, which
// programs read as the same.
type encoded struct {
	yaml, printed bool
}

func (p *encoded) PrintObj(document runtime.Object, w io.Writer) error {
	var raw, out bytes.Buffer
	if err := (&printers.JSONPrinter{}).PrintObj(document, &raw); err != nil {
		return err
	}
	for _, r := range raw.String() {
		if unsafe(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	data := out.Bytes()
	if p.yaml {
		text, err := yaml.JSONToYAML(data)
		if err != nil {
			return fmt.Errorf("the document cannot be written as YAML: %w", err)
		}
		if data = text; p.printed {
			data = append([]byte("---\n"), text...)
		}
		p.printed = true
	}
	_, err := w.Write(data)
	return err
}
