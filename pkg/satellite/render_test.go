package satellite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coderd}
spec:
  replicas: REPLICAS
  template:
    spec:
      containers:
      - name: coderd
        env:
        - {name: API_TOKEN, value: hunter2}
        - {name: SSL_SERVER_KEY_FILE, value: /tls/tls.key}
        - {name: CODER_PRIMARY_ACCESS_URL, value: "https://coder.example.com"}
        - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
`
	keySecretYAML = `---
apiVersion: v1
kind: Secret
metadata: {name: coder-replica-private-key}
data: {privateKey: aHVudGVyMg==}
stringData: {note: hunter2}
`
	service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: coderd}\n"
)

func TestCompare(t *testing.T) {
	before := strings.ReplaceAll(deployment, "REPLICAS", "1") + service
	after := strings.ReplaceAll(deployment, "REPLICAS", "2") + keySecretYAML
	got, err := compare(before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"change Deployment coderd", "create Secret coder-replica-private-key", "delete Service coderd"}
	if diff := cmp.Diff(want, got.Objects); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{"-  replicas: 1", "+  replicas: 2", "privateKey: (redacted)", "note: (redacted)"} {
		if !strings.Contains(got.Diff, part) {
			t.Errorf("the diff has no %q:\n%s", part, got.Diff)
		}
	}
	if same, err := compare(after, after); err != nil || same.Diff != "" || len(same.Objects) > 0 {
		t.Errorf("a manifest differs from itself: %+v, %v", same, err)
	}
	if _, err := compare(before, "kind: ["); err == nil || !strings.Contains(err.Error(), "not YAML") {
		t.Errorf("error %v", err)
	}
}

// Secret values are hidden, and all others are shown.
func TestRedaction(t *testing.T) {
	got, err := compare("", deployment+keySecretYAML)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "aHVudGVyMg=="} {
		if strings.Contains(got.Diff, secret) {
			t.Errorf("the diff shows %q:\n%s", secret, got.Diff)
		}
	}
	for _, plain := range []string{"/tls/tls.key", "https://coder.example.com", "key: password", "name: db"} {
		if !strings.Contains(got.Diff, plain) {
			t.Errorf("the diff hides %q:\n%s", plain, got.Diff)
		}
	}
}

// Secrets are hidden wherever they are: in Secret objects at any depth, lists, arguments, URLs
// and files.
func TestRedactionByKindAndShape(t *testing.T) {
	const manifest = `---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {p: hunter2}}
- {apiVersion: v1, kind: Service, metadata: {name: b}}
---
apiVersion: v1
kind: SecretList
items:
- {metadata: {name: c}, data: {p: aHVudGVyMg==}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  template:
    spec:
      containers:
      - args: [--db-password=hunter2, --db-password, hunter2, "--db=postgres://coder:hunter2@db/coder"]
`
	got, err := compare("", manifest)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"create Deployment d", "create Secret a", "create Secret c", "create Service b"}
	if diff := cmp.Diff(want, got.Objects); diff != "" {
		t.Error(diff)
	}
	for _, secret := range []string{"hunter2", "aHVudGVyMg=="} {
		if strings.Contains(got.Diff, secret) {
			t.Errorf("the diff shows %q:\n%s", secret, got.Diff)
		}
	}
	for _, plain := range []string{"--db-password=(redacted)", "postgres://coder:(redacted)@db/coder"} {
		if !strings.Contains(got.Diff, plain) {
			t.Errorf("the diff hides %q:\n%s", plain, got.Diff)
		}
	}
}

func FuzzRedaction(f *testing.F) {
	f.Add(deployment)
	f.Add(keySecretYAML)
	f.Add("kind: Secret\ndata: [a]\n")
	f.Add("kind: Secret\nmetadata: 7\nstringData: {a: {b: c}}\n")
	f.Fuzz(func(t *testing.T, manifest string) {
		objects, err := redactedObjects(manifest + "\n" + keySecretYAML)
		if err != nil {
			return
		}
		if text, ok := objects["Secret coder-replica-private-key"]; ok && strings.Contains(text, "hunter2") {
			t.Errorf("a Secret's data is shown:\n%s", text)
		}
	})
}

func TestChecksFields(t *testing.T) {
	for version, want := range map[string]bool{
		"v1.24.17": false, "v1.25.0": true, "v1.31.2+k3s1": true, "v1.29.3-eks-adc7111": true, "v2.0.0": true, "": false, "new": false,
	} {
		if got := checksFields(version); got != want {
			t.Errorf("%q: got %v", version, got)
		}
	}
}
