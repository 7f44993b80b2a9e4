package satellite

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/keyutil"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// keyPair is the public side of a satellite's key, and the controller whose marks its Secret bears.
type keyPair struct {
	public, fingerprint string
	owner               gitops.Owner
}

// key returns the public half of the satellite's key, empty without a Secret. The private half stays in here.
func (o objects) key(ctx context.Context) (keyPair, error) {
	secret, err := existing(o.client.CoreV1().Secrets(o.namespace).Get(ctx, KeySecret, metav1.GetOptions{}))
	if secret == nil {
		return keyPair{}, err
	}
	pair, err := publicHalf(secret.Data[KeySecretField])
	if err != nil {
		return keyPair{}, fmt.Errorf("Secret %s/%s, field %s: %w", o.namespace, KeySecret, KeySecretField, err)
	}
	pair.owner = gitops.OwnerOf(secret.Labels, secret.Annotations)
	return pair, nil
}

// publicHalf returns the public half of an EC private key in PEM, as the chart's template makes one (genPrivateKey
// "ecdsa"). Errors show nothing of the key.
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
	return keyPair{public: public, fingerprint: fingerprint}, err
}

// recordedKey returns the Secret with the satellite's key in a manifest, and the key's public half; nil if none is usable
// one. The chart's template puts the present key into the manifest of every revision.
func recordedKey(manifest string) (*corev1.Secret, keyPair) {
	if secret := objectIn[corev1.Secret](manifest, "Secret", KeySecret); secret != nil {
		if key, err := publicHalf(secret.Data[KeySecretField]); err == nil {
			return secret, key
		}
	}
	return nil, keyPair{}
}

// RestoreKey recreates the Secret with the satellite's key from Helm's record of the deployed revision: the pods continue
// with the key that the primary knows. It leaves an existing Secret alone.
func (r Release) RestoreKey(ctx context.Context) error {
	records, err := r.records(ctx)
	if err != nil {
		return err
	}
	if records.deployed == nil {
		return fmt.Errorf("release %s has no deployed revision to restore the key from", r)
	}
	secret, _ := recordedKey(records.deployed.Manifest)
	if secret == nil {
		return fmt.Errorf("revision %d of release %s holds no key to restore", records.deployed.Version, r)
	}
	secret.Namespace = r.namespace
	metav1.SetMetaDataLabel(&secret.ObjectMeta, "app.kubernetes.io/managed-by", "Helm") // marks Helm's ownership
	metav1.SetMetaDataAnnotation(&secret.ObjectMeta, "meta.helm.sh/release-name", r.name)
	metav1.SetMetaDataAnnotation(&secret.ObjectMeta, "meta.helm.sh/release-namespace", r.namespace)
	_, err = r.objects().client.CoreV1().Secrets(r.namespace).Create(ctx, secret, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
