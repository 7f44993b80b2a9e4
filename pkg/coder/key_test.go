package coder_test

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// otherPEM generates another satellite key.
func otherPEM(t *testing.T) (key, fingerprint string) {
	t.Helper()
	private, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{
		PrimaryURL: "https://coder.example.com", AccessURL: "https://sydney.example.com", PrivateKey: private,
	})
	if err != nil {
		t.Fatal(err)
	}
	return satellite.PublicKey(), satellite.Fingerprint()
}

func TestFingerprint(t *testing.T) {
	// computed with: openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64
	const want = "SHA256:pA8PLil03HaoLfb/4I7Q15lVx5560MINl66Pkkat4cE"
	if got, err := coder.Fingerprint(somePEM); err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	key, print := otherPEM(t)
	if got, err := coder.Fingerprint("\n " + key + "\n\n"); err != nil || got != print {
		t.Errorf("%q, want %q: %v", got, print, err)
	}
	private, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":     "",
		"text":        "ssh-ed25519 AAAA",
		"cut off":     somePEM[:60],
		"not PKIX":    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"private key": private,
		"two keys":    somePEM + key,
		"and more":    somePEM + "more",
	} {
		if got, err := coder.Fingerprint(text); err == nil || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestSameKey(t *testing.T) {
	other, _ := otherPEM(t)
	header := strings.Replace(somePEM, "KEY-----\n", "KEY-----\nComment: x\n\n", 1)
	for _, test := range []struct {
		name, a, b     string
		same, verified bool
	}{
		{"the same", somePEM, somePEM, true, true},
		{"other spaces around", "\r\n" + somePEM, strings.TrimSpace(somePEM), true, true},
		{"other line ends", strings.ReplaceAll(somePEM, "\n", "\r\n"), somePEM, true, true},
		{"a header more", header, somePEM, true, true},
		{"another key", somePEM, other, false, true},
		{"unknown form, same text", " opaque ", "opaque", true, false},
		{"unknown form, other text", "opaque", "Opaque", false, false},
		{"one of unknown form", somePEM, "opaque", false, false},
		{"two keys", somePEM + other, somePEM, false, false},
		{"none", "", "", false, false},
		{"one empty", somePEM, "", false, false},
		{"spaces alone", " ", "\n", false, false},
	} {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if same, verified := coder.SameKey(pair[0], pair[1]); same != test.same || verified != test.verified {
				t.Errorf("%s: same %v, verified %v", test.name, same, verified)
			}
		}
	}
}
