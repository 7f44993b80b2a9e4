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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// States of a provider's switch, named as in the documents.
const (
	On       = "On"
	Off      = "Off"
	AlwaysOn = "AlwaysOn"
)

// What Flux does with a release that it owns.
const (
	Suspended  = "suspended"
	Reconciles = "reconciles"
)

// Facts is the state of a provider and its satellite, read without the plugin and directly, not
// through the meddler.
type Facts struct {
	// HasSatellite is set if the region has a satellite, BuiltIn if the provider is the primary's
	// own, which has no legacy release.
	HasSatellite, BuiltIn bool

	// Switch is the provider's Networking v2.
	Switch string
	// Key is the fingerprint of the key in the cluster; empty if there is none.
	Key string
	// Registrations are those with the region's name or key, as "name fingerprint".
	Registrations []string
	// Registered is set if Key is registered.
	Registered bool
	// Records are the satellite's release records, oldest first.
	Records []Record
	// Silent is why this satellite does not answer at the access URL. It is empty if the
	// satellite answers, and the primary through it. In a region without a satellite it is about
	// the primary itself.
	Silent string

	// Legacy are the legacy release's records, oldest first.
	Legacy []Record
	// Objects are the existing objects of the legacy release. The value is set if the object has
	// the keep policy.
	Objects map[string]bool
	// Backups are the names of the backups.
	Backups []string
	// Flux is what Flux does with the legacy release: Suspended or Reconciles; empty if it does not own it.
	Flux string
	// EnvproxySilent is why envproxy does not answer; empty if it does.
	EnvproxySilent string

	// Journal is the text of both journals, Holder the holder of a lock; empty without one.
	Journal, Holder string
}

// Record is a release record of Helm.
type Record struct {
	Revision int
	Status   string
	// Labelled is set if the record has the label, Kept if every object in the stored manifest
	// has Helm's keep policy.
	Labelled, Kept bool
}

// Look reads the facts.
func (v *View) Look(ctx context.Context) (Facts, error) {
	f := Facts{HasSatellite: v.Satellite != nil, BuiltIn: v.BuiltIn}
	state, err := v.Lab.State()
	if err != nil {
		return f, err
	}
	provider, err := v.AtPrimary(state)
	if err != nil {
		return f, err
	}
	f.Switch = switchOf(state.Version, provider)
	if f.HasSatellite {
		if err := v.lookAtSatellite(ctx, &f, state); err != nil {
			return f, err
		}
	}
	f.Silent = said(v.answers(f))
	if !f.BuiltIn {
		if err := v.lookAtLegacy(ctx, &f); err != nil {
			return f, err
		}
	}
	if err := v.lookAtNotes(ctx, &f, provider.ID); err != nil {
		return f, err
	}
	return f, nil
}

// lookAtSatellite reads the satellite's key, its registration and its release's records.
func (v *View) lookAtSatellite(ctx context.Context, f *Facts, state codertest.State) error {
	secrets, err := v.Satellite.Clientset().CoreV1().Secrets(inlab.SatelliteNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, secret := range secrets.Items {
		if secret.Name == "coder-replica-private-key" {
			if f.Key, err = fingerprint(secret.Data["privateKey"]); err != nil {
				return fmt.Errorf("Secret %s: %w", secret.Name, err)
			}
		}
	}
	f.Records = records(secrets.Items, "coder-satellite")
	for _, registration := range state.Satellites {
		if registration.Name == v.Region || registration.Fingerprint == f.Key {
			f.Registrations = append(f.Registrations, registration.Name+" "+registration.Fingerprint)
		}
		f.Registered = f.Registered || f.Key != "" && registration.Fingerprint == f.Key
	}
	return nil
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// switchOf is the state of a provider's switch at a primary of that version.
func switchOf(version string, provider codertest.Provider) string {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); err == nil && (major > 1 || minor >= 22) {
		return AlwaysOn
	}
	if provider.EnableNetV2 != nil && *provider.EnableNetV2 {
		return On
	}
	return Off
}

// answers checks what users connect to: at the access URL the satellite with the cluster's key,
// and the primary behind it; without a satellite the primary.
func (v *View) answers(f Facts) error {
	if !f.HasSatellite {
		return v.get(v.Lab.PrimaryURL+"/api", &struct{}{})
	}
	var served struct{ Fingerprint string }
	if err := v.get(v.AccessURL+"/api/private/satellites/key", &served); err != nil {
		return err
	}
	if served.Fingerprint != f.Key {
		return fmt.Errorf("%s serves %q, and not %q", v.AccessURL, served.Fingerprint, f.Key)
	}
	return v.get(v.AccessURL+"/api", &struct{}{})
}

func (v *View) lookAtLegacy(ctx context.Context, f *Facts) error {
	secrets, err := v.Direct.Clientset().CoreV1().Secrets(v.Namespace).List(ctx, metav1.ListOptions{})
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
		object, err := v.LegacyObject(ctx, name)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		f.Objects[name] = object.GetAnnotations()["helm.sh/resource-policy"] == "keep"
	}
	if f.Flux, err = v.flux(ctx); err != nil {
		return err
	}
	response, err := v.Client.Get(v.EnvproxyURL)
	if err == nil {
		err = response.Body.Close()
	} else {
		response = &http.Response{}
	}
	f.EnvproxySilent = said(err)
	return nil
}

// flux is what Flux does with the legacy release, if its envproxy is Flux's.
func (v *View) flux(ctx context.Context) (string, error) {
	if v.HelmRelease == "" {
		return "", nil
	}
	deployment, err := v.LegacyObject(ctx, "deployment/envproxy")
	if apierrors.IsNotFound(err) || err == nil && deployment.GetLabels()["helm.toolkit.fluxcd.io/name"] != v.HelmRelease {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	resource := schema.GroupVersionResource{Group: "helm.toolkit.fluxcd.io", Version: "v2", Resource: "helmreleases"}
	release, err := v.Direct.Dynamic().Resource(resource).Namespace(v.Namespace).Get(ctx, v.HelmRelease, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	if suspended, _, _ := unstructured.NestedBool(release.Object, "spec", "suspend"); suspended {
		return Suspended, nil
	}
	return Reconciles, nil
}

// lookAtNotes reads the journals and the locks of the satellite and of the provider.
func (v *View) lookAtNotes(ctx context.Context, f *Facts, provider string) error {
	err := note(ctx, v.Direct, v.Namespace, inlab.ProviderJournal(provider), inlab.ProviderLock(provider), f)
	if err != nil || v.Satellite == nil {
		return err
	}
	return note(ctx, v.Satellite, inlab.SatelliteNamespace, inlab.SatelliteJournal, inlab.SatelliteLock, f)
}

func note(ctx context.Context, access *cluster.Access, namespace, journal, lock string, f *Facts) error {
	found, err := access.Clientset().CoreV1().ConfigMaps(namespace).Get(ctx, journal, metav1.GetOptions{})
	if err == nil {
		f.Journal += found.Data["journal.json"]
	} else if !apierrors.IsNotFound(err) {
		return err
	}
	lease, err := access.Clientset().CoordinationV1().Leases(namespace).Get(ctx, lock, metav1.GetOptions{})
	if err == nil && lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "" {
		f.Holder = *lease.Spec.HolderIdentity
	} else if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return nil
}

// records returns the release's records among the Secrets.
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

// kept reports whether every document of a manifest has Helm's keep policy.
func kept(manifest string) bool {
	for _, document := range strings.Split(manifest, "\n---") {
		if strings.Contains(document, "kind:") && !strings.Contains(strings.ReplaceAll(document, "'", ""), "helm.sh/resource-policy: keep") {
			return false
		}
	}
	return true
}

// fingerprint returns the fingerprint of the public half of a private key in PEM.
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

// String formats the facts for a failure's message.
func (f Facts) String() string {
	f.Journal = ""
	text, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
