package coder

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

var errKeyForm = errors.New("the key is not a public key in PEM form")

func parseKey(text string) ([]byte, error) {
	block, rest := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil || len(rest) > 0 { // of two keys, which one counts?
		return nil, errKeyForm
	}
	if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		return nil, errKeyForm
	}
	return block.Bytes, nil
}

// Fingerprint returns "SHA256:" and the unpadded base64 of the SHA-256 of a public key in PEM (PKIX) form.
func Fingerprint(key string) (string, error) {
	der, err := parseKey(key)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

// SameKey reports whether two texts are the same public key. It compares keys of a known form as keys, and sets
// verified; others as texts. Empty texts are never the same.
func SameKey(a, b string) (same, verified bool) {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	if a == "" || b == "" {
		return false, false
	}
	keyA, errA := parseKey(a)
	keyB, errB := parseKey(b)
	if errA == nil && errB == nil {
		return bytes.Equal(keyA, keyB), true
	}
	return a == b, false
}
