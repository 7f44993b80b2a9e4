package pki

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMake(t *testing.T) {
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	files, err := Make(filepath.Join(dir, "pki"), ca)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data)
	for _, name := range []string{"127.0.0.1", "localhost"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "example.com"}); err == nil {
		t.Error("the certificate is good for example.com, too")
	}
	for _, file := range []string{files.KeyFile, files.AccountKey, files.TokenFile} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %s", file, info.Mode())
		}
	}
	list, err := os.ReadFile(files.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	for user, token := range files.Tokens {
		if !strings.Contains(string(list), token+","+user+","+user+`,"system:masters"`) {
			t.Errorf("no line for %s", user)
		}
	}
	if files.Tokens["operator"] == files.Tokens["lab"] || len(files.Tokens["operator"]) != 32 {
		t.Error("tokens are not each their own")
	}
}

func TestMakeRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Make(file, filepath.Join(dir, "ca.pem")); err == nil {
		t.Error("a file was accepted as a folder")
	}
	if _, err := Make(filepath.Join(dir, "pki"), filepath.Join(dir, "nowhere", "ca.pem")); err == nil {
		t.Error("a CA file in a folder that is not there was written")
	}
}
