package satellite

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/keyutil"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
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
	if block, _ := pem.Decode(private); block == nil {
		return keyPair{}, errors.New("it is not a private key in PEM form")
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(private)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return keyPair{}, errors.New("it is not an EC private key") // the cause could quote it
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return keyPair{}, fmt.Errorf("its public half cannot be encoded: %w", err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	fingerprint, err := coder.Fingerprint(public)
	return keyPair{public, fingerprint}, err
}
