package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// names returns names that secrets typically have.
func names() []string {
	return []string{"PASSWORD", "db-password", "apiToken", "client_secret", "AMPLITUDE_API_KEY", "privateKey", "passphrase"}
}

// inText puts a secret without blanks and quotes into a text.
func inText(random *rand.Rand, name, secret string) string {
	shapes := []string{
		"postgres://coder:" + secret + "@db.example.com:5432/coder?sslmode=disable",
		"https://" + strings.NewReplacer("/", "", "?", "", "#", "", ":", "").Replace(secret) + "@example.com/",
		name + "=" + secret, "--" + name + "=" + secret, "--" + name + " " + secret, name + " = " + secret,
		name + `="` + secret + ` ` + secret + `"`, `'--` + name + `=` + secret + ` ` + secret + `'`,
		fmt.Sprintf("%q", name+"="+secret),
		fmt.Sprintf(`{"a": 1, %q: %q, "b": 2}`, name, secret),
		strconv.Quote(fmt.Sprintf(`{%q:%q}`, name, secret)),
		"https://example.com/?a=b&" + name + "=" + url.QueryEscape(secret),
		"Authorization: Bearer " + secret, "X-Auth-Token: " + secret,
		"a: 1\n" + name + ": " + secret + "\nb: 2", "a: 1\n" + name + ": |\n  " + secret + "\n  " + secret + "\nb: 2",
		"-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----",
	}
	return shapes[random.IntN(len(shapes))]
}

// secretFrom generates a secret that can be found in any text.
func secretFrom(random *rand.Rand, alphabet string) string {
	secret := []byte("Zq") // the prefix keeps it from looking like a flag, a number or a variable
	for range 14 {
		secret = append(secret, alphabet[random.IntN(len(alphabet))])
	}
	return string(secret)
}

const (
	letters = "abcdefghijkmnopqrstuvwxyz23456789"
	marks   = letters + "!#$%&()*+,-./:;<=>?@[]^_{|}~"
)

// leaks reports whether the text contains a revealing part of the secret.
func leaks(text, secret string) bool {
	const telling = 7
	for i := 0; i+telling <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+telling]) {
			return true
		}
	}
	return strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret)))
}

// TestPlantedInText puts secrets into texts in all forms, next to each other and inside words.
func TestPlantedInText(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 19))
	for range 20_000 {
		name := names()[random.IntN(len(names()))]
		alphabet := letters
		if random.IntN(2) == 0 {
			alphabet = strings.NewReplacer("<", "", ">", "").Replace(marks)
		}
		secret := secretFrom(random, alphabet)
		text := inText(random, name, secret)
		if random.IntN(2) == 0 {
			text = "it failed: " + text
		}
		if random.IntN(2) == 0 {
			text += " (and more)"
		}
		clean := redact.Text(text)
		if leaks(clean, secret) {
			t.Fatalf("%q is shown: %q\n of %q", secret, clean, text)
		}
		if again := redact.Text(clean); again != clean {
			t.Fatalf("%q\n becomes %q\n and then %q", text, clean, again)
		}
	}
}

// TestPlantedInObjects puts secrets into manifests, at any depth.
func TestPlantedInObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 20))
	for range 5_000 {
		secret := secretFrom(random, marks+` "'`+"`\\")
		object := planted(random, secret, 3)
		before, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		clean, err := json.Marshal(redact.Object(object))
		if err != nil {
			t.Fatal(err)
		}
		if leaks(string(clean), secret) {
			t.Fatalf("%q is shown: %s\n of\n%s", secret, clean, before)
		}
		if leaks(string(redact.JSON(clean)), secret) {
			t.Fatalf("%q is shown again: %s", secret, clean)
		}
	}
}

// planted is an object that holds the secret.
func planted(random *rand.Rand, secret string, depth int) any {
	name := names()[random.IntN(len(names()))]
	table := func(key string, value any) map[string]any { return map[string]any{"before": "x", key: value} }
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	kind := func(kind string, fields map[string]any) map[string]any {
		fields["kind"], fields["metadata"] = kind, map[string]any{"name": "x"}
		return fields
	}
	if depth > 0 {
		inner := planted(random, secret, depth-1)
		switch random.IntN(5) {
		case 0:
			return kind("List", table("items", []any{inner, inner}))
		case 1:
			return table("spec", inner)
		case 2:
			text, _ := json.Marshal(inner)
			return kind("ConfigMap", table("data", table("config.json", string(text))))
		case 3:
			text, _ := yaml.Marshal(inner)
			return kind("ConfigMap", table("data", table("config.yaml", "# a comment\n"+string(text))))
		}
	}
	switch random.IntN(8) {
	case 0:
		return kind("Secret", table("data", table("x", encoded)))
	case 1:
		return kind("SecretList", table("items", []any{table("stringData", table("x", secret))}))
	case 2:
		return table("env", []any{map[string]any{"name": name, "value": secret}})
	case 3:
		return table("args", []any{"--a", "--" + name + "=" + secret, "--b"})
	case 4:
		return table("args", []any{"--a", "--" + name, secret, "--b"})
	case 5:
		return table(name, secret)
	case 6:
		return table(name, []any{secret})
	default:
		return table("url", "postgres://coder:"+url.PathEscape(secret)+"@db/coder")
	}
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"a", "password=", `"token":"`, "x://a:b@c", "-----BEGIN PRIVATE KEY-----", "token: |\n  x", `\"`, "a\xffb"} {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, around string, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		secret := secretFrom(random, letters)
		text := around + "\n" + inText(random, names()[seed%uint64(len(names()))], secret) + "\n" + around
		if clean := redact.Text(text); leaks(clean, secret) && !leaks(around, secret) {
			t.Errorf("%q is shown: %q\n of %q", secret, clean, text)
		}
	})
}

func FuzzObject(f *testing.F) {
	f.Add("kind: Secret\ndata: [a]\n", uint64(1))
	f.Add("kind: List\nitems: {a: {b: [c, ~]}}\n", uint64(2))
	f.Add("kind: SecretList\nitems: [7, {data: x}]\n", uint64(3))
	f.Fuzz(func(t *testing.T, around string, seed uint64) {
		var object any
		if len(around) > 4096 || yaml.Unmarshal([]byte(around), &object) != nil {
			return
		}
		random := rand.New(rand.NewPCG(seed, 0))
		secret := secretFrom(random, letters)
		if leaks(around, secret) {
			return
		}
		if table, ok := object.(map[string]any); ok {
			table["planted"] = planted(random, secret, 2)
			object = table
		} else {
			object = []any{object, planted(random, secret, 2)}
		}
		clean, err := json.Marshal(redact.Object(object))
		if err == nil && leaks(string(clean), secret) {
			t.Errorf("%q is shown: %s", secret, clean)
		}
	})
}
