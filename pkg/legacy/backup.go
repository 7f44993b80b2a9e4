package legacy

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// original describes the object that held the record, in an annotation of the backup: the record itself may need all the
// room that the data has.
type original struct {
	Driver      string            `json:"driver"`
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Deployment  string            `json:"deployment,omitempty"`
}

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// newBackup describes the backup of a record, without writing it: an immutable Secret in the satellite's namespace, named
// after its digest.
func (h Handle) newBackup(of held) *held {
	data, b := of.secret.Data[recordKey], &of
	b.original = original{
		Driver: h.Driver, Namespace: h.Namespace, Name: of.secret.Name, Labels: of.secret.Labels, Annotations: of.secret.Annotations,
		Deployment: h.Deployment,
	}
	about, _ := marshal(b.original) // strings can be written
	digest, own := digestOf(data), h.backupLabels()
	own[labelRevision], own[labelStatus], own[labelManagedBy] = strconv.Itoa(of.record.Version), of.record.Info.Status, fieldManager
	b.secret = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   h.backups,
			Name:        fmt.Sprintf("coder-satellite-legacy-%s-v%d-%s", h.Name, of.record.Version, digest[len("sha256:"):][:10]),
			Labels:      own,
			Annotations: map[string]string{annotationDigest: digest, annotationRecord: string(about)},
		},
		Immutable: ptr.To(true),
		Type:      corev1.SecretTypeOpaque,
		Data:      map[string][]byte{recordKey: data},
	}
	return b
}

// soundBackup checks a backup and decodes it. The error says if the content is not what was saved, by the backup's own
// digest or by that of the ledger, which may be nil.
func soundBackup(secret *corev1.Secret, ledger *journal.Ledger) (*held, error) {
	name, got := secret.Namespace+"/"+secret.Name, digestOf(secret.Data[recordKey])
	if want := secret.Annotations[annotationDigest]; got != want {
		return nil, fmt.Errorf("the backup %s was tampered with: its content is %s, and %q was saved; it is not used", name, got, want)
	}
	if ledger != nil && ledger.Backup == secret.Name && ledger.RecordBefore != got {
		return nil, fmt.Errorf("the backup %s was tampered with: its content is %s, and the journal lists %q; it is not used", name, got, ledger.RecordBefore)
	}
	b, err := decode(secret)
	if json.Unmarshal([]byte(secret.Annotations[annotationRecord]), &b.original) != nil {
		return nil, fmt.Errorf("the backup %s was tampered with: its annotation %s cannot be parsed; it is not used", name, annotationRecord)
	}
	if err == nil {
		_, err = b.documents()
	}
	if err != nil {
		return nil, fmt.Errorf("the backup %s: %w", name, err)
	}
	if b.record.Name != secret.Labels[labelRelease] || b.original.Namespace != secret.Labels[labelNamespace] ||
		b.original.Name != recordName(b.record.Name, b.record.Version) {
		return nil, fmt.Errorf("the backup %s was tampered with: it is not of the release that its labels name; it is not used", name)
	}
	return &b, nil
}

// matches reports whether the backup belongs to this record, retained or not; for a rendered release, to these objects.
func (b *held) matches(c held) bool {
	if b.record.Name != c.record.Name || b.record.Version != c.record.Version || b.record.Chart != c.record.Chart {
		return false
	}
	compared := kept
	if b.original.Driver == driverNone {
		compared = bare
	}
	ours, err := b.documents()
	theirs, errs := c.documents()
	return err == nil && errs == nil && slices.EqualFunc(ours, theirs, func(a, b document) bool {
		return reflect.DeepEqual(compared(a.object), compared(b.object))
	})
}
