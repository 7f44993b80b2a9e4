package coder

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Token is a session token of Coder. Printed, logged or encoded, it shows only that it is there.
type Token string

// Reveal returns the token itself, for the header of a request.
func (t Token) Reveal() string { return string(t) }

func (t Token) String() string {
	if t == "" {
		return ""
	}
	return redact.Mark
}

// Format implements fmt.Formatter, so that no verb shows the token.
func (t Token) Format(f fmt.State, verb rune) {
	if verb == 'q' || f.Flag('#') {
		_, _ = fmt.Fprintf(f, "%q", t.String())
		return
	}
	_, _ = f.Write([]byte(t.String()))
}

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// check refuses what cannot be sent in a header, such as the bytes of another file.
func (t Token) check() error {
	if strings.ContainsFunc(string(t), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the token holds a character that no token has: name the right file")
	}
	return nil
}

// LogValue implements slog.LogValuer.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Whatever holds a token prints as its URL: fmt does not use the methods of a Token in an unexported field or behind a pointer.

// Format implements fmt.Formatter.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "coder.Config(%s)", shownURL(c.URL))
}

// Format implements fmt.Formatter.
func (c Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "coder.Client(%s)", c.base) }

// Format implements fmt.Formatter.
func (l Login) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "coder.Login(%s)", shownURL(l.URL)) }

// secretsOf returns what the client authenticates with: a server may repeat it in an answer.
func secretsOf(config Config) redact.Values {
	_, credential, _ := strings.Cut(config.AuthHeader.Reveal(), " ") // "Bearer" and "Basic" are none
	return redact.ValuesOf(map[string]any{
		"token": config.Token.Reveal(), "authorization": []any{config.AuthHeader.Reveal(), strings.TrimSpace(credential)},
	})
}

// scrub makes a server's text fit to show: short, without secrets or control characters.
func (c *Client) scrub(text string) string { return redact.Printable(c.secrets.Text(text)) }

// scrubError rewords an error whose text a server had a part in.
func (c *Client) scrubError(err error) error { return redact.Reworded(err, c.scrub(err.Error())) }
