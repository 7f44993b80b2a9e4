package printer

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// encoded prints documents as JSON, or as YAML with separators between them, as --watch needs.
func encoded(printer printers.ResourcePrinter) printers.ResourcePrinter {
	return printers.ResourcePrinterFunc(func(document runtime.Object, w io.Writer) error {
		data, err := json.Marshal(document)
		if err != nil {
			return err
		}
		return printer.PrintObj(&runtime.Unknown{Raw: harmless(redact.JSON(data))}, w) // it prints the JSON as it is
	})
}

// EventLine returns an event as a line of JSON, without secrets.
func EventLine(event v1alpha1.Progress) []byte {
	event.APIVersion, event.Kind = v1alpha1.GroupVersion().String(), v1alpha1.KindProgress
	data, _ := json.Marshal(event) // texts, numbers and a time of our own: nothing to go wrong
	return append(harmless(redact.JSON(data)), '\n')
}

// harmless escapes in JSON what a terminal would obey or YAML refuse as \uXXXX, which programs read as the same.
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

// Escape makes text from an API or a user safe for a terminal: it removes secrets, and writes out control characters,
// which can move the cursor or set the clipboard, and characters that reorder text. Line feeds and tabs stay.
func Escape(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(redact.Text(text), "\uFFFD") {
		switch {
		case !unsafe(r):
			b.WriteRune(r)
		case r == 0x1b:
			b.WriteString("^[") // as kubectl does
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// unsafe reports whether a terminal would do anything other than show the character. EscapeTerminal of cli-runtime
// knows ESC and CR only, but U+009B begins an escape sequence, too, and U+202E turns text around.
func unsafe(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func line(text string) string { return oneLine(Escape(text)) }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
