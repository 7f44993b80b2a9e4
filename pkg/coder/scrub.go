package coder

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// secretsOf returns what the client authenticates with: a server may repeat in its
// answer what it was sent.
func secretsOf(config Config) redact.Values {
	_, credential, _ := strings.Cut(config.AuthHeader.Reveal(), " ") // "Bearer" and "Basic" are none
	return redact.ValuesOf(map[string]any{
		"token": config.Token.Reveal(), "authorization": []any{config.AuthHeader.Reveal(), strings.TrimSpace(credential)},
	})
}

// scrub makes a server's text fit to be shown: without secrets, without what
// steers a terminal, and not too long.
func (c *Client) scrub(text string) string { return redact.Printable(c.secrets.Text(text)) }

// scrubError is the error whose text a server had a part in, fit to be shown.
func (c *Client) scrubError(err error) error { return redact.Reworded(err, c.scrub(err.Error())) }
