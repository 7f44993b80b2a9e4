package satellite

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func inPEM(t testing.TB, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Both forms of a key give the same public half, and the fingerprint is equal to the one of the
// Coder API client.
func TestPublicHalf(t *testing.T) {
	key := newKey(t)
	sec1, err := x509.MarshalECPrivateKey(key)
	first, firstErr := publicHalf(inPEM(t, "EC PRIVATE KEY", sec1, err))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	second, secondErr := publicHalf(inPEM(t, "PRIVATE KEY", pkcs8, err))
	if firstErr != nil || secondErr != nil {
		t.Fatal(firstErr, secondErr)
	}
	if first != second {
		t.Errorf("%v and %v", first, second)
	}
	if fingerprint, err := coder.Fingerprint(first.public); err != nil || fingerprint != first.fingerprint {
		t.Errorf("fingerprint %s, the client says %s, %v", first.fingerprint, fingerprint, err)
	}
}

func TestReadKeyErrors(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(edwards)
	for name, test := range map[string]struct {
		data map[string][]byte
		want string
	}{
		"no field": {nil, "it is not a private key in PEM form"},
		"no PEM":   {map[string][]byte{"privateKey": []byte("hunter2")}, "it is not a private key in PEM form"},
		"no key":   {map[string][]byte{"privateKey": inPEM(t, "EC PRIVATE KEY", []byte("hunter2"), nil)}, "it is not an EC private key"},
		"not EC":   {map[string][]byte{"privateKey": inPEM(t, "PRIVATE KEY", other, err)}, "it is not an EC private key"},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: KeySecret}, Data: test.data})
			_, err := objects{client, "ns"}.key(t.Context())
			if err == nil || !strings.HasSuffix(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "Secret ns/coder-replica-private-key, field privateKey") {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error contains the key: %v", err)
			}
		})
	}
	if pair, err := (objects{fake.NewClientset(), "ns"}).key(t.Context()); err != nil || pair != (keyPair{}) {
		t.Errorf("without a Secret: %v, %v", pair, err)
	}
}

func FuzzPublicHalf(f *testing.F) {
	sec1, err := x509.MarshalECPrivateKey(newKey(f))
	f.Add(inPEM(f, "EC PRIVATE KEY", sec1, err))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pair, err := publicHalf(data)
		if (err == nil) != (pair.public != "" && pair.fingerprint != "") {
			t.Errorf("%v, %v", pair, err)
		}
		if err == nil && strings.Contains(pair.public, "PRIVATE") {
			t.Error("the private half of the key is exposed")
		}
	})
}

// The recorded key is read from the manifest of the deployed revision, and a malformed key is
// ignored.
func TestRecordedKey(t *testing.T) {
	der, err := x509.MarshalECPrivateKey(newKey(t))
	private := inPEM(t, "EC PRIVATE KEY", der, err)
	want, err := publicHalf(private)
	if err != nil {
		t.Fatal(err)
	}
	secret := func(name, data string) string {
		return "---\nkind: Service\napiVersion: v1\nmetadata: {name: coderd}\n---\nkind: Secret\napiVersion: v1\nmetadata: {name: " + name + "}\n" + data + "\n"
	}
	good := "data: {privateKey: " + base64.StdEncoding.EncodeToString(private) + "}"
	found, key := recordedKey(secret("coder-replica-private-key", good))
	if found == nil || string(found.Data["privateKey"]) != string(private) || key != want {
		t.Errorf("%+v, want %+v", key, want)
	}
	for name, manifest := range map[string]string{
		"no objects":     "",
		"another Secret": secret("other", good),
		"no key":         secret("coder-replica-private-key", ""),
		"no private key": secret("coder-replica-private-key", "data: {privateKey: aGk=}"),
		"no Secret":      secret("coder-replica-private-key", "data: 7"),
	} {
		if found, key := recordedKey(manifest); found != nil || key != (keyPair{}) {
			t.Errorf("%s: %+v", name, key)
		}
	}
}
