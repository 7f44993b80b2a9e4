package legacy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// original is what a backup says of the object that held the record. It stands
// in an annotation: the record itself may need all the room that the data has.
type original struct {
	Driver      string            `json:"driver"`
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Chart       string            `json:"chart"`
	ChartVer    string            `json:"chartVersion"`
	AccessURL   string            `json:"accessURL,omitempty"`
	Deployment  string            `json:"deployment,omitempty"`
}

// backup is a backup of a release's record: an immutable Secret in the
// satellite's namespace whose name has the digest of its content.
type backup struct {
	secret    *corev1.Secret
	original  original
	record    Record
	annotated []string // objects whose live annotation is ours, "Kind/name"
}

// digestOf returns "sha256:<hex>".
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func backupSelector(release Release) string {
	return fmt.Sprintf("%s=%s,%s=%s,%s=%s", labelBackup, backupOfRecord, labelNamespace, release.Namespace, labelRelease, release.Name)
}

// newBackup describes the backup of a record; it writes nothing.
func newBackup(namespace string, release Release, h holder, record Record) (*backup, error) {
	data := h.data()
	b := &backup{record: record, original: original{
		Driver: release.Driver, Namespace: release.Namespace, Name: h.meta().Name, Labels: h.meta().Labels, Annotations: h.meta().Annotations,
		Chart: record.ChartName, ChartVer: record.ChartVersion, AccessURL: record.AccessURL, Deployment: release.Deployment,
	}}
	about, err := json.Marshal(b.original)
	if err != nil {
		return nil, err
	}
	digest := digestOf(data)
	b.secret = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace,
			Name:      fmt.Sprintf("coder-satellite-legacy-%s-v%d-%s", release.Name, record.Version, digest[len("sha256:"):][:10]),
			Labels: map[string]string{
				labelBackup: backupOfRecord, labelNamespace: release.Namespace, labelRelease: release.Name,
				labelRevision: strconv.Itoa(record.Version), labelStatus: record.Status, labelManagedBy: fieldManager,
			},
			Annotations: map[string]string{annotationDigest: digest, annotationRecord: string(about), annotationAnnotated: "[]"},
		},
		Immutable: ptr.To(true),
		Type:      corev1.SecretTypeOpaque,
		Data:      map[string][]byte{recordKey: data},
	}
	return b, nil
}

// readBackup checks a backup and decodes it. The error says so if the content is
// not what was saved, by its own word or by that of the ledger, which may be nil.
func readBackup(secret *corev1.Secret, ledger *journal.Ledger) (*backup, error) {
	name, got := secret.Namespace+"/"+secret.Name, digestOf(secret.Data[recordKey])
	if want := secret.Annotations[annotationDigest]; got != want {
		return nil, fmt.Errorf("the backup %s was tampered with: its content is %s, and %q was saved; it is not used", name, got, want)
	}
	if ledger != nil && ledger.Backup == secret.Name && ledger.RecordBefore != got {
		return nil, fmt.Errorf("the backup %s was tampered with: its content is %s, and the journal lists %q; it is not used", name, got, ledger.RecordBefore)
	}
	b := &backup{secret: secret}
	if err := json.Unmarshal([]byte(secret.Annotations[annotationRecord]), &b.original); err != nil {
		return nil, fmt.Errorf("the backup %s was tampered with: its annotation %s is not understood; it is not used", name, annotationRecord)
	}
	if text := secret.Annotations[annotationAnnotated]; text != "" {
		if err := json.Unmarshal([]byte(text), &b.annotated); err != nil {
			return nil, fmt.Errorf("the backup %s was tampered with: its annotation %s is not understood; it is not used", name, annotationAnnotated)
		}
	}
	var err error
	if b.record, err = DecodeRecord(secret.Data[recordKey]); err != nil {
		return nil, fmt.Errorf("the backup %s: %w", name, err)
	}
	if b.record.Name != secret.Labels[labelRelease] || b.original.Namespace != secret.Labels[labelNamespace] || b.original.Name != recordName(b.record.Name, b.record.Version) {
		return nil, fmt.Errorf("the backup %s was tampered with: it is not of the release that its labels name; it is not used", name)
	}
	return b, nil
}

// matches reports whether the backup is of this record, retained or not.
func (b *backup) matches(record Record) (bool, error) {
	if b.record.Name != record.Name || b.record.Version != record.Version ||
		b.record.ChartName != record.ChartName || b.record.ChartVersion != record.ChartVersion {
		return false, nil
	}
	was, err := AnnotateManifest(b.record.Manifest)
	if err != nil {
		return false, err
	}
	is, err := AnnotateManifest(record.Manifest)
	return was == is, err
}

// listBackups lists the release's backups, latest first, without content.
func listBackups(ctx context.Context, access *cluster.Access, namespace, selector string) ([]metav1.PartialObjectMetadata, error) {
	list, err := access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace).
		List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("the backups of release records %s cannot be listed: %w", inNamespace(namespace), err)
	}
	slices.SortStableFunc(list.Items, func(a, b metav1.PartialObjectMetadata) int {
		if order := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); order != 0 {
			return order
		}
		return revisionOf(b) - revisionOf(a)
	})
	return list.Items, nil
}

func revisionOf(item metav1.PartialObjectMetadata) int {
	number, _ := strconv.Atoi(item.Labels[labelRevision]) // 0 if somebody broke the label
	return number
}

func getBackup(ctx context.Context, access *cluster.Access, namespace, name string, ledger *journal.Ledger) (*backup, error) {
	secret, err := readSecret(ctx, access, namespace, name)
	if err != nil {
		return nil, err
	}
	return readBackup(secret, ledger)
}

func readSecret(ctx context.Context, access *cluster.Access, namespace, name string) (*corev1.Secret, error) {
	secret, err := access.Clientset().CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("the backup %s/%s cannot be read: %w", namespace, name, err)
	}
	return secret, nil
}

// findBackup returns the backup of the record. It is nil if there is none that
// is sound; problems then say what is wrong with those that are not. Of a revision
// that the ledger lists it is the one that the ledger names.
func findBackup(ctx context.Context, access *cluster.Access, namespace string, release Release, record Record) (found *backup, problems []string, err error) {
	items, err := listBackups(ctx, access, namespace, fmt.Sprintf("%s,%s=%d", backupSelector(release), labelRevision, record.Version))
	if err != nil {
		return nil, nil, err
	}
	listed := release.Ledger.Covers(release.Namespace, release.Name, record.Version) && release.Ledger.Backup != ""
	for _, item := range items {
		if listed && item.Name != release.Ledger.Backup {
			problems = append(problems, fmt.Sprintf("the backup %s/%s is not the one that the journal lists, %s; it is not used", namespace, item.Name, release.Ledger.Backup))
			continue
		}
		secret, err := readSecret(ctx, access, namespace, item.Name)
		switch {
		case apierrors.IsNotFound(err): // it was deleted since it was listed
			continue
		case err != nil: // it may be sound: another one beside it would be wrong
			return nil, nil, err
		}
		b, err := readBackup(secret, release.Ledger)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		same, err := b.matches(record)
		if err != nil {
			return nil, nil, err
		}
		if same {
			return b, nil, nil
		}
	}
	return nil, problems, nil
}

// latestBackup returns the backup that a release whose record is gone is
// restored from: the one that its ledger or itself names, else the latest of a
// deployed revision.
func latestBackup(ctx context.Context, access *cluster.Access, namespace string, release Release) (*backup, error) {
	items, err := listBackups(ctx, access, namespace, fmt.Sprintf("%s,%s=%s", backupSelector(release), labelStatus, statusDeployed))
	if err != nil {
		return nil, err
	}
	wanted, which := release.Backup, ""
	if release.Ledger != nil && release.Ledger.Backup != "" {
		wanted, which = release.Ledger.Backup, " (the journal lists "+release.Ledger.Backup+")"
	}
	for _, item := range items {
		if wanted == "" || item.Name == wanted {
			return getBackup(ctx, access, item.Namespace, item.Name, release.Ledger)
		}
	}
	return nil, fmt.Errorf("there is no backup of the record of %s in namespace %s%s: it can only be installed again, with Helm", release, namespace, which)
}

// save writes the backup. A Secret of the same name whose content is not what
// was saved is replaced: its name, which has the digest, shows what belongs there.
func (b *backup) save(ctx context.Context, access *cluster.Access) error {
	secrets := access.Clientset().CoreV1().Secrets(b.secret.Namespace)
	created, err := secrets.Create(ctx, b.secret, metav1.CreateOptions{FieldManager: fieldManager})
	if apierrors.IsAlreadyExists(err) {
		there, getErr := secrets.Get(ctx, b.secret.Name, metav1.GetOptions{})
		if getErr != nil {
			return fmt.Errorf("the backup %s/%s cannot be read: %w", b.secret.Namespace, b.secret.Name, getErr)
		}
		var ours []string
		if json.Unmarshal([]byte(there.Annotations[annotationAnnotated]), &ours) == nil {
			if err := b.note(ours); err != nil { // what an earlier run annotated is still ours
				return err
			}
		}
		options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &there.UID, ResourceVersion: &there.ResourceVersion}}
		if err := secrets.Delete(ctx, there.Name, options); err != nil {
			return fmt.Errorf("the damaged backup %s/%s cannot be replaced: %w", there.Namespace, there.Name, err)
		}
		created, err = secrets.Create(ctx, b.secret, metav1.CreateOptions{FieldManager: fieldManager})
	}
	if err != nil {
		return fmt.Errorf("the backup of the record cannot be saved as Secret %s/%s, so nothing was changed: %w", b.secret.Namespace, b.secret.Name, err)
	}
	b.secret = created
	return nil
}

// note writes down which live annotations are ours, before they are made.
func (b *backup) note(objects []string) error {
	b.annotated = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(b.annotated), objects...))))
	text, err := json.Marshal(b.annotated)
	if err != nil {
		return err
	}
	b.secret.Annotations[annotationAnnotated] = string(text)
	return nil
}

// update writes the backup's changed labels and annotations.
func (b *backup) update(ctx context.Context, access *cluster.Access) error {
	updated, err := access.Clientset().CoreV1().Secrets(b.secret.Namespace).Update(ctx, b.secret, metav1.UpdateOptions{FieldManager: fieldManager})
	if err != nil {
		return fmt.Errorf("the backup %s/%s cannot be updated: %w", b.secret.Namespace, b.secret.Name, err)
	}
	b.secret = updated
	return nil
}
