package redact

import (
	"strings"
	"unicode"
)

// longestPrintable caps what is shown of what a server says, in bytes.
const longestPrintable = 500

// Printable makes foreign text fit to be shown on one line: without what steers a
// terminal, and not too long. It hides no secrets.
func Printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if len(text) > longestPrintable {
		text = strings.ToValidUTF8(text[:longestPrintable], "") + "..."
	}
	return text
}
