package printer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// encoded prints documents as JSON, or as YAML: then the second and later ones after
// a separator, as --watch needs.
type encoded struct {
	yaml, printed bool
}

func (p *encoded) PrintObj(document runtime.Object, w io.Writer) error {
	var raw bytes.Buffer
	if err := (&printers.JSONPrinter{}).PrintObj(document, &raw); err != nil {
		return err
	}
	data := harmless(raw.Bytes())
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

// EventLine returns an event as a line of JSON, without secrets.
func EventLine(event v1alpha1.Progress) []byte {
	event.APIVersion, event.Kind = v1alpha1.GroupVersion().String(), v1alpha1.KindProgress
	data, _ := json.Marshal(event) // texts, numbers and a time of our own: nothing to go wrong
	return append(harmless(redact.JSON(data)), '\n')
}

// harmless writes what a terminal would obey in JSON, or YAML would refuse, as \uXXXX,
// which programs read as the same.
func harmless(data []byte) (out []byte) {
	for _, r := range string(data) {
		if unsafe(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
