package redact_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

func TestSecretName(t *testing.T) {
	for _, name := range []string{
		"DB_PASSWORD", "dbPassword", "db-password", "--api-key", "apiKey", "APIKey", "clientSecret", "AMPLITUDE_API_KEY", "amplitudeKey",
		"tls.key", ".dockerconfigjson", "auth", "Session-Token", "Cookie", "pwd", "PGPASSWORD", "vault.example.com/token",
	} {
		if !redact.SecretName(name) {
			t.Errorf("%s is not taken for secret", name)
		}
	}
	for _, name := range []string{
		"SSL_SERVER_KEY_FILE", "tokenFile", "hostSecretName", "secretKeyRef", "tokenExpirationSeconds", "key", "publicKey", "topologyKey",
		"passwordSecretName", "keyboard", "compass", "monkey", "tokens.example.com/role", "", "--", "author", "bypass",
	} {
		if redact.SecretName(name) {
			t.Errorf("%s is taken for secret", name)
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://coder:hunter2@db:5432/coder":                                    "postgres://coder:(redacted)@db:5432/coder",
		"postgres://coder:hun/ter@2@db/coder":                                       "postgres://coder:(redacted)@db/coder",
		"redis://:hunter2@cache":                                                    "redis://:(redacted)@cache",
		"GET https://hunter2@example.com/x: 404":                                    "GET https://(redacted)@example.com/x: 404",
		"the URL https://example.com/cb?access_token=hunter2&x=1":                   "the URL https://example.com/cb?access_token=(redacted)",
		"coderd --db-password=hunter2 --replicas=2":                                 "coderd --db-password=(redacted) --replicas=2",
		"coderd --db-password hunter2 --replicas 2":                                 "coderd --db-password (redacted) --replicas 2",
		`coderd --db-password="hunter 2" --replicas=2`:                              `coderd --db-password="(redacted)" --replicas=2`,
		`invalid argument "--db-password=hunter 2": no`:                             `invalid argument "--db-password=(redacted)": no`,
		"host=db password=hunter2 user=coder":                                       "host=db password=(redacted) user=coder",
		"password = hunter2":                                                        "password = (redacted)",
		`{"user":"ann","password":"hun\"ter2","port":1}`:                            `{"user":"ann","password":"(redacted)","port":1}`,
		`{"pin":1,"token":12345}`:                                                   `{"pin":1,"token":(redacted)}`,
		`{"text":"{\"password\":\"hun\\\"ter2\",\"port\":1}"}`:                      `{"text":"{\"password\":\"(redacted)\",\"port\":1}"}`,
		`it ends early: {"password":"hunter2`:                                       `it ends early: {"password":"(redacted)"`,
		"Authorization: Basic aHVudGVyMg==":                                         "Authorization: (redacted)",
		"sent authorization: bearer hunter2hunter2":                                 "sent authorization: bearer (redacted)",
		`curl -H "Session-Token: hunter2" https://example.com`:                      `curl -H "Session-Token: (redacted)" https://example.com`,
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl":                      "(redacted)",
		"a: 1\npassword: hunter2\nb: 2":                                             "a: 1\npassword: (redacted)\nb: 2",
		"+  token: |\n+    hunter\n+    2\n+  b: 2":                                 "+  token: (redacted)\n+  b: 2",
		"x -----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY----- y": "x (redacted) y",
		"x -----BEGIN PRIVATE KEY-----\\nhunter2":                                   "x (redacted)",
	} {
		if got := redact.Text(text); got != want {
			t.Errorf("%q\n is %q\nnot %q", text, got, want)
		}
	}
}

// Text that only resembles a secret is kept.
func TestTextThatStays(t *testing.T) {
	for _, text := range []string{
		"oci://registry.example.com:5000/charts/coder@sha256:0123", "https://example.com/@coder/charts", "ssh://git@example.com/x",
		"https://[2001:db8::7]:443/", "ann@example.com holds the lock", "Secret ns/x, field privateKey: it is not a private key in PEM form",
		"automountServiceAccountToken: false\nsecretName: tls\n", "--db-password=$(DB_PASSWORD)", "kubectl coder-satellite migrate --set ...",
		"--coder-token-file /home/ann/token", "CODER_TOKEN_FILE=/home/ann/token", "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
		"the bearer of bad news", "basic authentication is off", "password: the primary refuses it",
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// Documentation, help and golden output contain no secrets, so nothing in them is removed.
func TestOwnWordsStay(t *testing.T) {
	root := filepath.Join("..", "..")
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "pkg/printer/testdata/*", "pkg/cmd/testdata/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 10 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // a directory
		}
		for _, line := range strings.Split(string(data), "\n") {
			if got := redact.Text(line); got != line && !strings.Contains(line, "hunter2") {
				t.Errorf("%s:\n%s\nbecame\n%s", file, line, got)
			}
		}
	}
}

func TestObject(t *testing.T) {
	const manifest = `
kind: List
items:
- kind: Secret
  metadata:
    name: a
    annotations:
      last: '{"kind":"Secret","data":{"k":"hunter2"}}'
  data: {k: hunter2}
- kind: SecretList
  items:
  - {metadata: {name: b}, stringData: {k: hunter2}}
- kind: Deployment
  spec:
    template:
      spec:
        automountServiceAccountToken: false
        containers:
        - args: [--db-password=hunter 2 "or" 'so', --db-password, hunter2, --replicas, "2"]
          command: [sh, -c, "export PGPASSWORD=hunter2; coderd"]
          env:
          - {name: DB_URL, value: "postgres://coder:hunter2@db/coder"}
          - {name: DB_PASSWORD, value: hunter2}
          - {name: DB_PIN_TOKEN, value: 12345}
          - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
        volumes:
        - {name: tls, secret: {secretName: tls, items: [{key: tls.key, path: key.pem}]}}
- kind: ConfigMap
  data:
    config.yaml: |
      # comment
      database: {user: coder, password: hunter2}
      ---
      tokens: [hunter2, hunter2]
    config.json: '{"database": {"password": "hunter2"}}'
    env: |
      USER=coder
      PASSWORD=hunter2
    plain.yaml: |
      # comment
      replicas: 2
`
	var object any
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		t.Fatal(err)
	}
	clean, err := yaml.Marshal(redact.Object(object))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter", "12345"} {
		if strings.Contains(string(clean), secret) {
			t.Errorf("%s is shown:\n%s", secret, clean)
		}
	}
	for _, plain := range []string{
		"secretName: tls", "key: password", "key: tls.key", "automountServiceAccountToken: false", "- --replicas", "USER=coder",
		"# comment\n      replicas: 2", "postgres://coder:(redacted)@db/coder", "user: coder", "- --db-password=(redacted)",
	} {
		if !strings.Contains(string(clean), plain) {
			t.Errorf("%q is hidden:\n%s", plain, clean)
		}
	}
}

func TestValues(t *testing.T) {
	values := redact.ValuesOf(map[string]any{
		"coderd": map[string]any{
			"password": "hun'ter\n2", "pin": map[string]any{"token": 123456}, "replicas": 2, "image": "coder",
			"superAdmin": map[string]any{"passwordSecret": map[string]any{"name": "admin-secret", "key": "password"}},
			"odd":        "correct horse", "tls": map[string]any{"hostSecretName": "tls"},
		},
	})
	cause := errors.New("no")
	for text, want := range map[string]string{
		`at '/coderd/password': 'hun\'ter\n2' does not match`:             `at '/coderd/password': '(redacted)' does not match`,
		"it holds hun'ter\n2 somewhere":                                   "it holds (redacted) somewhere",
		"in base64 aHVuJ3RlcgoyIQ==, aHVuJ3Rlcgoy":                        "in base64 (redacted)IQ==, (redacted)",
		"a number 123456":                                                 "a number (redacted)",
		`at '/coderd/odd': "correct horse" is too long`:                   `at '/coderd/odd': "(redacted)" is too long`,
		`secret "tls" not found, image "coder", replicas 2, key password`: `secret "tls" not found, image "coder", replicas 2, key password`,
	} {
		if got := values.Text(text); got != want {
			t.Errorf("%q\n is %q\nnot %q", text, got, want)
		}
	}
	if err := values.Error(cause); !errors.Is(err, cause) || values.Error(nil) != nil {
		t.Errorf("%v does not wrap its cause", err)
	}
}

func TestJSON(t *testing.T) {
	const in = `{"url":"https://\u003cx\u003e","error":"dial \"postgres://u:hunter2@db\": no","n":1.50,"e":"Pässe"}`
	const want = `{"url":"https://\u003cx\u003e","error":"dial \"postgres://u:(redacted)@db\": no","n":1.50,"e":"Pässe"}`
	if got := string(redact.JSON([]byte(in))); got != want {
		t.Errorf("%s", got)
	}
}
