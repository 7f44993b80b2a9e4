package coder

import (
	"fmt"
	"log/slog"
)

// redacted is what a token shows of itself.
const redacted = "[redacted]"

// Token is a session token of Coder. However it is printed, logged or encoded,
// it shows only that it is there; Reveal returns it.
type Token string

// Reveal returns the token itself. Its one use is the header Session-Token.
func (t Token) Reveal() string { return string(t) }

// String implements fmt.Stringer.
func (t Token) String() string {
	if t == "" {
		return ""
	}
	return redacted
}

// GoString implements fmt.GoStringer.
func (t Token) GoString() string { return fmt.Sprintf("coder.Token(%q)", t.String()) }

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

// LogValue implements slog.LogValuer.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }
