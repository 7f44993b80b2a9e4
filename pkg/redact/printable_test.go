package redact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"Zürich":                  "Zürich",
		"\x1b[2Jgone\r\n\u202e!":  " [2Jgone   !",
		strings.Repeat("ä", 5000): strings.Repeat("ä", 250) + "...",
		"":                        "",
	} {
		if got := redact.Printable(text); got != want {
			t.Errorf("%.40q becomes %q, want %q", text, got, want)
		}
	}
}

// Secrets are removed even if the server and then the error about its answer both quote them.
func TestValuesQuotedTwice(t *testing.T) {
	const secret = `s3cret"\<&>x`
	values := redact.ValuesOf(map[string]any{"token": secret})
	inJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{secret, url.QueryEscape(secret), string(inJSON), fmt.Sprintf("%q", secret)} {
		for _, text := range []string{form, fmt.Sprintf("%q", form)} {
			if got := values.Text("it says " + text); strings.Contains(got, "s3cret") || !strings.Contains(got, redact.Mark) {
				t.Errorf("%s is shown as %s", text, got)
			}
		}
	}
}

func TestReworded(t *testing.T) {
	cause := errors.New("no")
	if err := redact.Reworded(cause, "never"); err.Error() != "never" || !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}
