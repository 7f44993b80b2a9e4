package meddle

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// States of a provider's switch, as the documents name them.
const (
	On       = "On"
	Off      = "Off"
	AlwaysOn = "AlwaysOn"
)

// Facts are what a region is, looked up without the plugin and past the meddler.
type Facts struct {
	// Switch is the provider's Networking v2.
	Switch string
	// Key is the fingerprint of the key in the cluster; empty if there is none.
	Key string
	// Registrations are those of the region's name or key, "name fingerprint".
	Registrations []string
	// Registered tells that Key is registered.
	Registered bool
	// Records are the satellite's release records, oldest first.
	Records []Record
	// Silent says why nothing answers as this satellite at the access URL; empty
	// if the satellite answers there, and the primary through it.
	Silent string

	// Legacy are the legacy release's records, oldest first.
	Legacy []Record
	// Objects are the legacy release's objects that exist, and whether each is kept.
	Objects map[string]bool
	// Backups are the names of the backups.
	Backups []string
	// EnvproxySilent says why envproxy does not answer; empty if it does.
	EnvproxySilent string

	// Journal is the text of both journals, Holder holds a lock; both empty if nothing does.
	Journal, Holder string
}

// Record is a release record of Helm.
type Record struct {
	Revision int
	Status   string
	// Kept tells that the label is there, and that every object of the stored
	// manifest has Helm's keep policy.
	Labelled, Kept bool
}

// Look gathers the facts.
func (r *Region) Look(ctx context.Context) (Facts, error) {
	var f Facts
	state, err := r.Lab.State()
	if err != nil {
		return f, err
	}
	provider, err := r.Provider(state)
	if err != nil {
		return f, err
	}
	if f.Switch, err = r.switchOf(state); err != nil {
		return f, err
	}
	satellites, err := r.Direct.Clientset().CoreV1().Secrets(inlab.SatelliteNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return f, err
	}
	for _, secret := range satellites.Items {
		if secret.Name == "coder-replica-private-key" {
			if f.Key, err = fingerprint(secret.Data["privateKey"]); err != nil {
				return f, fmt.Errorf("Secret %s: %w", secret.Name, err)
			}
		}
	}
	f.Records = records(satellites.Items, "coder-satellite")
	for _, registration := range state.Satellites {
		if registration.Name == r.Name || registration.Fingerprint == f.Key {
			f.Registrations = append(f.Registrations, registration.Name+" "+registration.Fingerprint)
		}
		f.Registered = f.Registered || f.Key != "" && registration.Fingerprint == f.Key
	}
	f.Silent = said(r.answers(f.Key))
	err = errors.Join(r.lookAtLegacy(ctx, &f), r.lookAtNotes(ctx, &f, provider.ID))
	return f, err
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// switchOf is the state of the region's provider, whatever its name is now.
func (r *Region) switchOf(state codertest.State) (string, error) {
	provider, err := r.Provider(state)
	var major, minor int
	if _, scanErr := fmt.Sscanf(strings.TrimPrefix(state.Version, "v"), "%d.%d", &major, &minor); scanErr == nil && (major > 1 || minor >= 22) {
		return AlwaysOn, err
	}
	if err == nil && provider.EnableNetV2 != nil && *provider.EnableNetV2 {
		return On, nil
	}
	return Off, err
}

// Provider is the region's, whatever its name is now.
func (r *Region) Provider(state codertest.State) (codertest.Provider, error) {
	for _, provider := range state.Providers {
		if provider.Config.ClusterAddress == r.Lab.Region(r.Name).Server {
			return provider, nil
		}
	}
	return codertest.Provider{}, fmt.Errorf("region %s has no provider", r.Name)
}

// ProviderID is the ID of the region's provider.
func (r *Region) ProviderID() (string, error) {
	state, err := r.Lab.State()
	if err != nil {
		return "", err
	}
	provider, err := r.Provider(state)
	return provider.ID, err
}

// answers checks what users meet at the access URL: the satellite with the key
// of the cluster, and the primary behind it.
func (r *Region) answers(key string) error {
	access := r.Lab.Region(r.Name).AccessURL
	var served struct{ Fingerprint string }
	if err := r.get(access+"/api/private/satellites/key", &served); err != nil {
		return err
	}
	if served.Fingerprint != key {
		return fmt.Errorf("%s serves %q, and not %q", access, served.Fingerprint, key)
	}
	return r.get(access+"/api", &struct{}{})
}

func (r *Region) lookAtLegacy(ctx context.Context, f *Facts) error {
	secrets, err := r.Direct.Clientset().CoreV1().Secrets(inlab.LegacyNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, secret := range secrets.Items {
		if _, ok := secret.Labels["coder-satellite.dev/backup"]; ok {
			f.Backups = append(f.Backups, secret.Name)
		}
	}
	f.Legacy = records(secrets.Items, inlab.LegacyRelease)
	f.Objects = map[string]bool{}
	for _, name := range inlab.LegacyObjects() {
		object, err := r.LegacyObject(ctx, name)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		f.Objects[name] = object.GetAnnotations()["helm.sh/resource-policy"] == "keep"
	}
	response, err := r.Client.Get(r.Lab.Region(r.Name).EnvproxyURL)
	if err == nil {
		err = response.Body.Close()
	} else {
		response = &http.Response{}
	}
	f.EnvproxySilent = said(err)
	return nil
}

// lookAtNotes looks at the journals and the locks of the satellite and of the provider.
func (r *Region) lookAtNotes(ctx context.Context, f *Facts, provider string) error {
	for _, notes := range []struct{ namespace, journal, lock string }{
		{inlab.SatelliteNamespace, inlab.SatelliteJournal, inlab.SatelliteLock},
		{inlab.LegacyNamespace, inlab.ProviderJournal(provider), inlab.ProviderLock(provider)},
	} {
		journal, err := r.Direct.Clientset().CoreV1().ConfigMaps(notes.namespace).Get(ctx, notes.journal, metav1.GetOptions{})
		if err == nil {
			f.Journal += journal.Data["journal.json"]
		} else if !apierrors.IsNotFound(err) {
			return err
		}
		lease, err := r.Direct.Clientset().CoordinationV1().Leases(notes.namespace).Get(ctx, notes.lock, metav1.GetOptions{})
		if err == nil && lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "" {
			f.Holder = *lease.Spec.HolderIdentity
		} else if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// records are those of the release among the Secrets.
func records(secrets []corev1.Secret, release string) []Record {
	var list []Record
	for _, secret := range secrets {
		if secret.Labels["owner"] != "helm" || secret.Labels["name"] != release {
			continue
		}
		revision, _ := strconv.Atoi(secret.Labels["version"])
		record := Record{Revision: revision, Status: secret.Labels["status"], Labelled: secret.Labels["coder-satellite.dev/retained"] == "true"}
		if content, err := DecodeRecord(secret.Data["release"]); err != nil {
			record.Status = "unreadable"
		} else {
			manifest, _ := content["manifest"].(string)
			record.Kept = kept(manifest)
		}
		list = append(list, record)
	}
	slices.SortFunc(list, func(a, b Record) int { return a.Revision - b.Revision })
	return list
}

// kept tells whether each document of a manifest has Helm's keep policy.
func kept(manifest string) bool {
	for _, document := range strings.Split(manifest, "\n---") {
		if strings.Contains(document, "kind:") && !strings.Contains(strings.ReplaceAll(document, "'", ""), "helm.sh/resource-policy: keep") {
			return false
		}
	}
	return true
}

// fingerprint is of the public half of a private key in PEM.
func fingerprint(private []byte) (string, error) {
	block, _ := pem.Decode(private)
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

// String shows the facts in a failure's message.
func (f Facts) String() string {
	f.Journal = ""
	text, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
