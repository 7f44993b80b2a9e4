package coder

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// longestMessage caps what is shown of a server's message.
const longestMessage = 500

// scrub makes a server's text fit to be shown: without secrets, without what
// steers a terminal, and not too long.
func (c *Client) scrub(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, c.withoutSecrets(text))
	if len(text) > longestMessage {
		text = strings.ToValidUTF8(text[:longestMessage], "") + "..."
	}
	return text
}

// withoutSecrets takes out what the client authenticates with: a server may
// repeat in its answer what it was sent.
func (c *Client) withoutSecrets(text string) string {
	for _, secret := range c.secrets() {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// secrets returns all forms in which a secret may come back: as it is, in a URL,
// in JSON, and each of them quoted in an error of Go's.
func (c *Client) secrets() []string {
	whole := []string{c.config.Token.Reveal(), c.config.AuthHeader.Reveal()}
	if _, credential, ok := strings.Cut(c.config.AuthHeader.Reveal(), " "); ok {
		whole = append(whole, strings.TrimSpace(credential)) // "Bearer" and "Basic" are none
	}
	var forms []string
	for _, secret := range whole {
		for _, plain := range []string{secret, url.QueryEscape(secret), inJSON(secret, false), inJSON(secret, true)} {
			forms = append(forms, plain, inner(strconv.Quote(plain)))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) }) // a part must not hide the whole
	return slices.DeleteFunc(slices.Compact(forms), func(form string) bool { return form == "" })
}

// inJSON is the text as it is between the quotes of JSON.
func inJSON(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(text); err != nil {
		return text
	}
	return inner(strings.TrimSpace(b.String()))
}

// inner is what is between the quotes.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// scrubDetails takes the secrets out of an error's details, which stay JSON.
func (c *Client) scrubDetails(details json.RawMessage) json.RawMessage {
	if clean := json.RawMessage(c.withoutSecrets(string(details))); json.Valid(clean) {
		return clean
	}
	return nil
}

// scrubbedError is an error whose text a server had a part in.
type scrubbedError struct {
	text  string
	cause error
}

func (c *Client) scrubError(err error) error {
	return &scrubbedError{text: c.scrub(err.Error()), cause: err}
}

func (e *scrubbedError) Error() string { return e.text }

func (e *scrubbedError) Unwrap() error { return e.cause }
