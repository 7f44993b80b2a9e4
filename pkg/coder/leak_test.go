package coder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

const (
	secretToken  = `s3cret-t0ken"\<&>x`
	secretHeader = "Bearer pr0xy-credential"
)

// shown formats a value in every way in which it could be printed: with fmt, as JSON, in a log.
func shown(value any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n%+v\n%#v\n%s\n%q\n%x\n", value, value, value, value, value, value)
	if data, err := json.Marshal(value); err == nil {
		b.Write(data)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "value", value)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "value", value)
	return b.String()
}

// leaks returns the secrets that a text contains, in plain or encoded form.
func leaks(text string) []string {
	var found []string
	for _, secret := range []string{"s3cret-t0ken", fmt.Sprintf("%x", "s3cret-t0ken"), "pr0xy-credential", fmt.Sprintf("%x", "pr0xy-credential")} {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	return found
}

// echoes are servers that repeat the secrets everywhere they can.
func echoes() map[string]http.HandlerFunc {
	quoted := func(text string) string {
		data, err := json.Marshal(text)
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
	both := quoted(secretToken + " and " + secretHeader)
	echo := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Coder-Version", r.Header.Get("Session-Token")+r.Header.Get("Authorization"))
			w.Header().Set("Retry-After", secretToken)
			w.Header().Set("Location", "https://other.example.com/"+secretToken)
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", secretToken)
			says(status, contentType, body)(w, r)
		}
	}
	answers := map[string]http.HandlerFunc{
		"as content type":    echo(200, "text/"+secretToken+" "+secretHeader, "x"),
		"as a time":          echo(200, "application/json", `{"last_built_at":`+both+`,"latest_stat":{"time":`+both+`}}`),
		"as times in a list": echo(200, "application/json", `[{"last_built_at":`+both+`}]`),
		"as a page":          echo(200, "text/html", "<html>"+both),
		"as garbage":         echo(200, "application/json", secretToken+secretHeader),
	}
	for _, status := range []int{302, 400, 401, 403, 404, 409, 429, 500, 503} {
		answers[fmt.Sprintf("%d", status)] = echo(status, "application/json",
			`{"error":{"msg":`+both+`,"code":`+both+`,"details":{"a":[`+both+`]}}}`)
		answers[fmt.Sprintf("%d of a proxy", status)] = echo(status, "text/"+secretToken, both)
	}
	return answers
}

// Every call, with every kind of failure: nothing that could be printed contains a secret.
func TestNoSecretLeaks(t *testing.T) {
	config := coder.Config{Token: secretToken, AuthHeader: secretHeader, Timeout: 60 * time.Millisecond, Attempts: 2, Clock: &hurried{}}
	d := start(t, codertest.Options{})
	client := func(url, ca string) *coder.Client {
		c := config
		c.URL, c.CAFile = url, ca
		return open(t, c)
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	clients := map[string]*coder.Client{
		"refused":     client(gone.URL, ""),
		"unknown CA":  client(d.URL(), ""),
		"wrong token": client(d.URL(), d.caFile),
	}
	for name, fault := range map[string]codertest.Fault{
		"reset before": {ResetBefore: true},
		"reset after":  {ResetAfter: true},
		"truncated":    {Truncate: true},
		"endless":      {Endless: true},
		"drip":         {Drip: true},
		"delay":        {Delay: time.Minute},
	} {
		faulty := start(t, codertest.Options{})
		faulty.AddFault(fault)
		clients[name] = client(faulty.URL(), faulty.caFile)
	}
	for name, handler := range echoes() {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		clients[name] = client(server.URL, "")
	}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := append(calls("p", "w"), call{name: "WatchBuild", do: func(ctx context.Context, c *coder.Client) (any, error) {
				ctx, cancel := context.WithTimeout(ctx, 60*time.Millisecond)
				defer cancel()
				return c.WatchBuild(ctx, "w")
			}}, call{name: "ServedKey", do: func(ctx context.Context, c *coder.Client) (any, error) { return c.ServedKey(ctx) }})
			failures := 0
			for _, c := range all {
				_, err := c.do(t.Context(), client)
				if err == nil {
					continue
				}
				failures++
				texts := []string{err.Error(), shown(client)}
				var answer *coder.Error
				if errors.As(err, &answer) {
					texts = append(texts, shown(*answer))
				}
				var transport *coder.TransportError
				if errors.As(err, &transport) {
					texts = append(texts, transport.Reason)
				}
				for _, text := range texts {
					if found := leaks(text); found != nil {
						t.Errorf("%s shows %q: %s", c.name, found, text)
					}
				}
			}
			if failures < len(all)/2 {
				t.Errorf("only %d of %d calls failed", failures, len(all))
			}
		})
	}
}

func TestNoSecretInValues(t *testing.T) {
	config := coder.Config{URL: "https://coder.example.com", Token: secretToken, AuthHeader: secretHeader}
	client := open(t, config)
	type holder struct {
		Client *coder.Client
		Config coder.Config
		Login  *coder.Login
	}
	login := coder.Login{URL: config.URL, Token: secretToken}
	for _, value := range []any{
		coder.Token(secretToken), config, &config, client, *client, login, &login,
		holder{client, config, &login}, []coder.Token{secretToken}, map[string]coder.Token{"t": secretToken},
		fmt.Errorf("wrapped: %v", config),
	} {
		if found := leaks(shown(value)); found != nil {
			t.Errorf("%T shows %q:\n%s", value, found, shown(value))
		}
	}
}

func TestToken(t *testing.T) {
	if got := coder.Token("x").Reveal(); got != "x" {
		t.Errorf("reveals %q", got)
	}
	for format, want := range map[string]string{"%v": "(redacted)", "%s": "(redacted)", "%q": `"(redacted)"`, "%#v": `"(redacted)"`, "%x": "(redacted)", "%d": "(redacted)"} {
		if got := fmt.Sprintf(format, coder.Token("secret")); got != want {
			t.Errorf("%s: %s", format, got)
		}
	}
	if got := fmt.Sprint(coder.Token("")); got != "" {
		t.Errorf("an empty token shows %q", got)
	}
}
