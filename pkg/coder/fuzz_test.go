package coder_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// canned answers every request at once, without a network.
func canned(f *testing.F, answer func() *http.Response) *coder.Client {
	f.Helper()
	client, err := coder.New(coder.Config{URL: "https://coder.example.com", Token: "the-token", Attempts: 1})
	if err != nil {
		f.Fatal(err)
	}
	return client.Wrapped(func(http.RoundTripper) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return answer(), nil })
	})
}

func respond(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Coder-Version": {body}, "Retry-After": {body}},
		Body: readCloser{strings.NewReader(body)},
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// presentable fails if an error is not fit to be shown.
func presentable(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if strings.Contains(text, "the-token") || len(text) > 2000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("not fit to be shown: %q", text)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "{}", `{"data":[]}`, `{"kubernetes":[{"id":"x","enable_net_v2":true,"config":{"ssh_enabled":true}}]}`,
		`{"data":[{"id":"a","name":"b","fingerprint":"c"}]}`, `{"data":{"id":"a"}}`, `{"key":"k","fingerprint":"f"}`, "1.21.3",
		`[{"id":"w","last_built_at":"2021-01-01T00:00:00Z","latest_stat":{"container_status":"ON"}}]`, `{"id":"u","roles":["site-admin"]}`,
		`{"kubernetes":[null]}`, `[{"id":"w","last_built_at":"the-token\u001b"}]`, "<html>",
	} {
		f.Add(body)
	}
	var answer string
	client := canned(f, func() *http.Response { return respond(200, "application/json", answer) })
	f.Fuzz(func(t *testing.T, body string) {
		answer = body
		for _, c := range calls("p", "w") {
			if _, err := c.do(t.Context(), client); err != nil {
				presentable(t, err)
			}
		}
		providers, err := client.Providers(t.Context())
		for _, provider := range providers {
			if err != nil || provider.ID == "" {
				t.Errorf("a provider without an ID, or together with an error: %+v, %v", provider, err)
			}
			if changed := coder.ProviderChanges(provider, provider); changed != nil {
				t.Errorf("differs from itself in %q", changed)
			}
		}
	})
}

func FuzzErrors(f *testing.F) {
	f.Add(401, "application/json", `{"error":{"msg":"the-token","code":"the-token","details":["the-token"]}}`)
	f.Add(502, "text/html", "<html>")
	f.Add(302, "", "")
	f.Add(403, "the-token\x1b[2J", "\x00")
	f.Add(400, "application/json", `{"error":{"msg":"`+strings.Repeat("ä", 400)+`"}}`)
	var status int
	var contentType, answer string
	client := canned(f, func() *http.Response { return respond(status, contentType, answer) })
	f.Fuzz(func(t *testing.T, code int, kind, body string) {
		status, contentType, answer = 300+int(uint(code)%300), kind, body
		_, err := client.Me(t.Context())
		if err == nil {
			t.Fatalf("status %d is not an error", status)
		}
		presentable(t, err)
		if !strings.HasPrefix(err.Error(), "GET coder.example.com/api/v0/users/me: ") {
			t.Errorf("%q", err)
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add(somePEM, somePEM)
	f.Add("opaque", " opaque")
	f.Add(somePEM[:40], "")
	f.Add("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		same, verified := coder.SameKey(a, b)
		if again, andVerified := coder.SameKey(b, a); again != same || andVerified != verified {
			t.Error("the order matters")
		}
		one, errOne := coder.Fingerprint(a)
		other, errOther := coder.Fingerprint(b)
		if verified != (errOne == nil && errOther == nil) {
			t.Errorf("verified %v with %v and %v", verified, errOne, errOther)
		}
		if verified && same != (one == other) {
			t.Errorf("same is %v with fingerprints %s and %s", same, one, other)
		}
		if errOne == nil && (len(one) != len("SHA256:")+43 || !strings.HasPrefix(one, "SHA256:")) {
			t.Errorf("fingerprint %q", one)
		}
		if same, _ := coder.SameKey(a, a); same != (strings.TrimSpace(a) != "") {
			t.Errorf("a key is the same as itself: %v", same)
		}
	})
}

func FuzzVersion(f *testing.F) {
	for _, text := range []string{"1.21.3", "v1.44", "1.22.0-rc.1+x", "", "v", "1..2", "\x1b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		version, err := coder.ParseVersion(text)
		if err != nil {
			return
		}
		again, err := coder.ParseVersion(version.String())
		if err != nil || again != version {
			t.Errorf("%q: %s, then %s: %v", text, version, again, err)
		}
		if strings.ContainsFunc(version.String(), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", version)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, raw := range []string{"https://a.example.com", "http://[::1]:80/", "https://hush@x", "https://x?hush", "//x", "https://a:b@c@d:e"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := coder.ParseURL(raw)
		if err != nil {
			return
		}
		again, err := coder.ParseURL(u.String())
		if err != nil || again.String() != u.String() || u.User != nil || u.Path != "" || u.Hostname() == "" {
			t.Errorf("%q: %q, %v", raw, u, err)
		}
	})
}

func FuzzLoginFiles(f *testing.F) {
	f.Add("https://a.example.com\n", "token\n")
	f.Add("", "")
	f.Add("\xff", "a\nb")
	f.Fuzz(func(t *testing.T, url, session string) {
		base := t.TempDir()
		dir := filepath.Join(base, "coder")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"url": url, "session": session} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := coder.FindLogin(coder.LoginOptions{GOOS: "windows", Getenv: func(string) string { return base }})
		want := coder.Login{URL: base, Token: coder.Token(base)} // from CODER_URL and CODER_TOKEN
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(coder.Login{}, "Source")); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		got, err = coder.FindLogin(coder.LoginOptions{GOOS: "windows", Getenv: func(name string) string {
			return map[string]string{"APPDATA": base}[name]
		}})
		if err != nil {
			return
		}
		want = coder.Login{URL: strings.TrimSpace(url), Token: coder.Token(strings.TrimSpace(session))}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(coder.Login{}, "Source")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got.URL == "" || got.Token == "" {
			t.Errorf("half a login: %q, %v", got.URL, got.Token)
		}
		_, _ = coder.New(coder.Config{URL: got.URL, Token: got.Token}) // must not panic
	})
}
