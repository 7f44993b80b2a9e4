package crash

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// rule checks, without the plugin's help, what must hold at every instant:
// Networking v2 is on only if the satellite is registered with the right key,
// answers, and the legacy release is retained.
func (r *region) rule(lab *inlab.Lab) error {
	provider, err := lab.Provider(r.name)
	if err != nil {
		return err
	}
	if provider.EnableNetV2 == nil || !*provider.EnableNetV2 {
		return nil
	}
	if err := r.retained(); err != nil {
		return fmt.Errorf("Networking v2 is on, but the legacy release is not retained: %w", err)
	}
	return r.served(lab)
}

// served checks that the satellite is registered with the right key and answers.
func (r *region) served(lab *inlab.Lab) error {
	own, err := r.fingerprint()
	if err != nil {
		return fmt.Errorf("Networking v2 is on, but the satellite has no key: %w", err)
	}
	state, err := lab.State()
	if err != nil {
		return err
	}
	registered := false
	for _, satellite := range state.Satellites {
		registered = registered || satellite.Fingerprint == own
	}
	if !registered {
		return fmt.Errorf("Networking v2 is on, but the key %s is not registered: %v", own, state.Satellites)
	}
	var served struct{ Fingerprint string }
	access := lab.Region(r.name).AccessURL
	if err := r.get(access+"/api/private/satellites/key", &served); err != nil || served.Fingerprint != own {
		return fmt.Errorf("Networking v2 is on, but the access URL serves %q, not %q: %w", served.Fingerprint, own, err)
	}
	if err := r.get(access+"/api", &struct{}{}); err != nil {
		return fmt.Errorf("Networking v2 is on, but the satellite does not answer: %w", err)
	}
	return nil
}

// provisions checks that Coder can still provision workspaces: what it does so
// with is there at every instant, even while the legacy release is removed.
func (r *region) provisions() error {
	ctx := context.Background()
	_, accountErr := r.direct.Clientset().CoreV1().ServiceAccounts(legacyNamespace).Get(ctx, "coder", metav1.GetOptions{})
	_, roleErr := r.direct.Clientset().RbacV1().Roles(legacyNamespace).Get(ctx, "coder", metav1.GetOptions{})
	_, bindingErr := r.direct.Clientset().RbacV1().RoleBindings(legacyNamespace).Get(ctx, "coder", metav1.GetOptions{})
	return errors.Join(accountErr, roleErr, bindingErr)
}

// fingerprint is of the key in the cluster's Secret.
func (r *region) fingerprint() (string, error) {
	secret, err := r.direct.Clientset().CoreV1().Secrets(satelliteNamespace).Get(context.Background(), "coder-replica-private-key", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(secret.Data["privateKey"])
	if block == nil {
		return "", errors.New("no PEM")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return "", err
		}
		key = parsed.(*ecdsa.PrivateKey)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
}

// retained checks what `helm uninstall` will look at, and that there is a backup.
func (r *region) retained() error {
	ctx := context.Background()
	record, err := r.direct.Clientset().CoreV1().Secrets(legacyNamespace).Get(ctx, legacyRecord, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if record.Labels["coder-satellite.dev/retained"] != "true" {
		return errors.New("the record has no label")
	}
	packed, err := base64.StdEncoding.DecodeString(string(record.Data["release"]))
	if err != nil {
		return err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(unzip)
	if err != nil {
		return err
	}
	var release struct{ Manifest string }
	if err := json.Unmarshal(text, &release); err != nil {
		return err
	}
	for _, document := range strings.Split(release.Manifest, "\n---") {
		if strings.Contains(document, "kind:") && !strings.Contains(strings.ReplaceAll(document, "'", ""), "helm.sh/resource-policy: keep") {
			return fmt.Errorf("an object of the stored manifest has no policy: %s", document)
		}
	}
	backups, err := r.direct.Clientset().CoreV1().Secrets(satelliteNamespace).List(ctx, metav1.ListOptions{LabelSelector: "coder-satellite.dev/backup"})
	if err != nil {
		return err
	}
	if len(backups.Items) == 0 {
		return errors.New("there is no backup")
	}
	return nil
}

// complete checks that a region is done, with nothing doubled or left over.
func (r *region) complete(lab *inlab.Lab) error {
	if err := r.rule(lab); err != nil {
		return err
	}
	provider, err := lab.Provider(r.name)
	if err != nil {
		return err
	}
	if provider.EnableNetV2 == nil || !*provider.EnableNetV2 {
		return errors.New("Networking v2 is off")
	}
	state, err := lab.State()
	if err != nil {
		return err
	}
	registrations := 0
	for _, satellite := range state.Satellites {
		if satellite.Name == r.name {
			registrations++
		}
	}
	if registrations != 1 {
		return fmt.Errorf("%d registrations", registrations)
	}
	ctx := context.Background()
	records, err := r.direct.Clientset().CoreV1().Secrets(satelliteNamespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		return err
	}
	deployed := 0
	for _, record := range records.Items {
		switch status := record.Labels["status"]; status {
		case "deployed":
			deployed++
		case "superseded":
		default:
			return fmt.Errorf("release record %s is %s", record.Name, status)
		}
	}
	if deployed != 1 {
		return fmt.Errorf("%d releases are deployed", deployed)
	}
	return r.unlocked()
}

// unlocked checks that the lock is free.
func (r *region) unlocked() error {
	ctx := context.Background()
	lease, err := r.direct.Clientset().CoordinationV1().Leases(satelliteNamespace).Get(ctx, "coder-satellite-lock", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "" {
		return fmt.Errorf("the lock is held by %s", *lease.Spec.HolderIdentity)
	}
	return nil
}
