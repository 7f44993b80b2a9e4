// Package redact removes secrets from whatever is about to be shown or kept: documents, progress, errors, the journal and
// Events. It recognises them by kind (the data of a Secret, wherever it is nested), by name (variables, flags and keys
// named like secrets) and by shape (passwords in URLs, private keys, tokens). It prefers to hide too much, never reports
// an error, reaches nothing, and is safe for concurrent use.
package redact

import (
	"regexp"
	"strings"
	"unicode"
)

// Mark stands where a secret was.
const Mark = "(redacted)"

// Text returns the text without what looks like a secret. Applying it twice changes nothing more.
func Text(text string) string {
	if !strings.ContainsAny(text, "=:-_. ") {
		return text // every shape has one of these
	}
	s := compiled()
	text = s.privateKey.ReplaceAllString(text, Mark)
	text = s.token.ReplaceAllString(text, Mark)
	text = s.scheme.ReplaceAllString(text, "${1}"+Mark)
	text = s.url.ReplaceAllStringFunc(text, withoutPassword)
	for _, shape := range []*regexp.Regexp{s.header, s.pair, s.quotedPair, s.flag, s.assigned} {
		text = byName(text, shape)
	}
	if strings.Contains(text, "\n") {
		text = yamlLines(text, s.line)
	}
	return text
}

// byName hides the values whose names are secrets' names. An assignment's value begins after the match: "PASSWORD=x",
// "--token=x", "&sig=x".
func byName(text string, shape *regexp.Regexp) string {
	var out strings.Builder
	done := 0
	for _, at := range shape.FindAllStringSubmatchIndex(text, -1) {
		begin, end := at[8], at[9]
		if at[0] < done || !SecretName(text[at[4]:at[5]]) {
			continue
		}
		if shape == compiled().assigned {
			end += assignedLength(text[:at[4]], text[begin:])
		}
		value := text[begin:end]
		if !harmless(value) {
			value = quotedLike(value)
		}
		out.WriteString(text[done:begin] + value)
		done = end
	}
	return out.String() + text[done:]
}

// quotedLike is the mark, quoted like the value.
func quotedLike(value string) string {
	for _, quote := range []string{`\"`, `\'`, `"`, `'`, "`"} {
		if strings.HasPrefix(value, quote) {
			return quote + Mark + quote
		}
	}
	return Mark
}

// harmless reports whether a value can be shown whatever its name: it is empty, or names a variable.
func harmless(value string) bool {
	value = strings.Trim(value, `"'\`)
	switch value {
	case "", Mark, "...", "true", "false", "null", "~", "{}", "[]":
		return true
	}
	name, variable := strings.CutPrefix(value, "$")
	if inner := strings.Trim(name, "(){}"); len(name) == len(inner)+2 {
		name = inner
	}
	return variable && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// withoutPassword hides the password in a URL, and a lone user in a web server's URL, which may be a token.
func withoutPassword(url string) string {
	start, at := strings.Index(url, "://")+len("://"), strings.LastIndexByte(url, '@')
	if at < start {
		return url
	}
	login, host := url[start:at], url[at:]
	user, password, two := strings.Cut(login, ":")
	switch {
	case strings.ContainsAny(user, "/?#"):
		return url // the @ is in its path
	case !two && strings.HasPrefix(url, "http") && user != "":
		return url[:start] + Mark + host
	case !two || password == "" || isPort(password):
		return url
	}
	return url[:start] + user + ":" + Mark + host
}

// isPort reports whether a port and a path follow the colon: "oci://registry:5000/charts/coder@sha256:...".
func isPort(text string) bool {
	number, _, path := strings.Cut(text, "/")
	return path && number != "" && strings.Trim(number, "0123456789") == ""
}

// assignedLength returns the length of the value at the beginning of text. It ends at the quote that it, or the word
// before it, began with; else at white space.
func assignedLength(before, text string) int {
	for _, quote := range []string{`\"`, `\'`, `"`, `'`, "`"} {
		if strings.HasPrefix(text, quote) {
			end := len(quote) + untilQuote(text[len(quote):], quote)
			if strings.HasPrefix(text[end:], quote) {
				end += len(quote)
			}
			return end
		}
		if strings.HasSuffix(before, quote) {
			return untilQuote(text, quote)
		}
	}
	if i := strings.IndexAny(text, " \t\r\n\v\f"); i >= 0 {
		return i
	}
	return len(text)
}

// untilQuote returns where the first unescaped quote is or the line ends.
func untilQuote(text, quote string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], quote), text[i] == '\n':
			return i
		case text[i] == '\\':
			i++ // and what it escapes
		}
	}
	return len(text)
}

// yamlLines hides values in lines of YAML, and their continuation lines.
func yamlLines(text string, shape *regexp.Regexp) string {
	var (
		kept   []string
		hidden = -1 // the indentation of the key whose value continues; -1 if none
	)
	for _, line := range strings.Split(text, "\n") {
		indent := len(line) - len(strings.TrimLeft(line, " +-\t"))
		if hidden >= 0 && (indent > hidden || strings.TrimSpace(line) == "") {
			continue
		}
		hidden = -1
		groups := shape.FindStringSubmatch(line)
		if len(groups) > 4 && SecretName(groups[2]) && !harmless(groups[4]) {
			hidden = indent
			line = groups[1] + groups[2] + groups[3] + Mark
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

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
