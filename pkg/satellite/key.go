package satellite

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// keyPair is the public side of a satellite's key.
type keyPair struct{ public, fingerprint string }

// key reads the satellite's private key from its Secret and returns its
// public half; the private half does not leave this function. No Secret is no
// key, and no error.
func (o objects) key(ctx context.Context) (keyPair, error) {
	secret, err := o.client.CoreV1().Secrets(o.namespace).Get(ctx, keySecret, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return keyPair{}, nil
	}
	if err != nil {
		return keyPair{}, err
	}
	pair, err := publicHalf(secret.Data[keySecretField])
	if err != nil {
		return keyPair{}, fmt.Errorf("Secret %s/%s, field %s: %w", o.namespace, keySecret, keySecretField, err)
	}
	return pair, nil
}

// publicHalf returns the public half of an EC private key in PEM, as the
// chart's template makes one (genPrivateKey "ecdsa"). Errors tell nothing of it.
func publicHalf(private []byte) (keyPair, error) {
	block, _ := pem.Decode(private)
	if block == nil {
		return keyPair{}, fmt.Errorf("it is not a private key in PEM form")
	}
	key, err := parseKey(block.Bytes)
	if err != nil {
		return keyPair{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return keyPair{}, fmt.Errorf("its public half cannot be encoded: %w", err)
	}
	sum := sha256.Sum256(der)
	return keyPair{
		public:      string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		fingerprint: "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]),
	}, nil
}

func parseKey(der []byte) (*ecdsa.PrivateKey, error) {
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if parsed, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if key, ok := parsed.(*ecdsa.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, fmt.Errorf("it is not an EC private key")
}
