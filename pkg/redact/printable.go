package redact

import (
	"strings"
	"unicode"
)

// longestPrintable limits what is shown of a server's text, in bytes.
const longestPrintable = 500

// Printable makes foreign text fit to show on one line: short, and without control characters. It hides no secrets.
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
