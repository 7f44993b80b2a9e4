package printer

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Escape makes text from an API or a user fit to be shown on a terminal. What
// looks like a secret is taken out. Control characters, which can move the cursor
// or set the clipboard, and the characters that reorder text are written out.
// Line feeds and tabs stay.
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

// unsafe reports whether a terminal would do anything other than show the character.
// EscapeTerminal of cli-runtime knows ESC and CR only, while
// U+009B begins an escape sequence too and U+202E turns text around.
func unsafe(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// line returns text escaped and on one line.
func line(text string) string {
	return strings.Join(strings.Fields(Escape(text)), " ")
}
