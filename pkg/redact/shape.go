package redact

import (
	"regexp"
	"sync"
)

// shapes are the forms of secrets. In the last six, group 2 is a name, and group 4 a value, secret if its name is.
type shapes struct {
	privateKey, token, scheme, url, literal, quotation *regexp.Regexp

	header, pair, quotedPair, flag, assigned, line *regexp.Regexp
}

// compiled compiles the shapes at its first call: completion does not need them.
//
//nolint:gochecknoglobals // written once, and the same for all
var compiled = sync.OnceValue(func() *shapes {
	return &shapes{
		privateKey: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z0-9 ]*-----|\z)`),
		// JSON Web Tokens; tokens of GitHub, GitLab, Slack, Google and AWS by their prefixes
		token: regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|` +
			`\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|ya29\.|AIza)[\w-]{16,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`),
		scheme: regexp.MustCompile(`(?i)(\bauthorization["'\\]*\s*[:=]\s*["'\\]*(?:basic|bearer|token|digest|apikey|negotiate)\s+|\bbearer\s+)` +
			`[^\s"'\\(]{12,}`),
		url:       regexp.MustCompile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"<>`]+"),
		quotation: regexp.MustCompile("'[^']*'|`[^`]*`|\"[^\"]*\""),
		literal:   regexp.MustCompile(`"(?:[^"\\]|\\.)*"`),

		// Session-Token: x
		header: regexp.MustCompile("(\\b)([A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+|Authorization|Cookie)(:[ \\t]*)([^\\s\"'`][^\\r\\n\"'`]*)"),
		// "token": "x", and the same where JSON is text in JSON
		pair:       regexp.MustCompile(`(")([\w.\-/]{1,100})("[ \t]*:[ \t]*)("(?:[^"\\\n]|\\.)*(?:"|\\?(?m:$))|-?[0-9][0-9.eE+-]*)`),
		quotedPair: regexp.MustCompile(`(\\")([\w.\-/]{1,100})(\\"[ \t]*:[ \t]*)(\\"(?:[^"\\\n]|\\\\(?:\\.|.)|\\[^"\\\n])*(?:\\"|\\?(?m:$))|-?[0-9][0-9.eE+-]*)`),
		// --db-password x
		flag: regexp.MustCompile("(^|[\\s\"'`\\[,(])(--[A-Za-z][\\w.-]*)([ \\t]+)(\"(?:[^\"\\\\\n]|\\\\.)*\"|'[^'\n]*'|\\\\\"[^\"\\\\]*\\\\\"|[^\\s\"'-]\\S*)"),
		// PASSWORD=, before a value whose end is searched
		assigned: regexp.MustCompile(`()([\w.\-\[\]/]+)(["'\\]{0,2}[ \t]*=[ \t]*)()`),
		// token: x, in a line of its own
		line: regexp.MustCompile(`^([+\- ]?[ \t]*(?:- +)*["']?)([\w.\-/]+)(["']?[ \t]*:[ \t]+)(\S.*)$`),
	}
})
