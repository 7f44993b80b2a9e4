package legacy

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Options say who changes a release, why and when.
type Options struct {
	// Operator and Reason are written on the record, with Now.
	Operator, Reason string
	Now              time.Time
	// Progress receives what is done; may be nil.
	Progress func(message string)
}

// annotations are who, why and when. None is empty: an empty one would read as missing.
func (o Options) annotations() map[string]string {
	return map[string]string{
		annotationReason: cmp.Or(o.Reason, "kept for rollback"),
		annotationBy:     cmp.Or(o.Operator, "unknown"),
		annotationAt:     o.Now.UTC().Format(time.RFC3339),
	}
}

// noted are who, why and when, as far as annotations hold them.
func noted(annotations map[string]string) map[string]string {
	found := maps.Clone(annotations)
	maps.DeleteFunc(found, func(key, value string) bool {
		return value == "" || key != annotationReason && key != annotationBy && key != annotationAt
	})
	return found
}

// isNoted reports whether annotations hold who, why and when.
func isNoted(annotations map[string]string) bool { return len(noted(annotations)) == 3 }

// notedIn are the options that annotations hold; the time is zero if they hold none.
func notedIn(annotations map[string]string) Options {
	at, _ := time.Parse(time.RFC3339, annotations[annotationAt])
	return Options{Operator: annotations[annotationBy], Reason: annotations[annotationReason], Now: at}
}

func (o Options) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Retain makes the release survive `helm uninstall`: it backs the record up, writes it once, reads it back, and
// annotates the live objects. It writes only what is missing, so a repetition writes nothing. It returns the entry for
// the journal's ledger. After an error nothing is lost, and a repetition continues. The namespace of the backups must
// exist.
func (h Handle) Retain(ctx context.Context, options Options) (*journal.Ledger, error) {
	records, err := h.records(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.idle(records); err != nil {
		return nil, err
	}
	found, err := h.lookAt(ctx, records...)
	if err != nil {
		return nil, err
	}
	// Everything is prepared before the first write: what cannot work fails here.
	wanted := make([]*corev1.Secret, len(records))
	for i, c := range records {
		if wanted[i], err = retained(c, options); err != nil {
			return nil, fmt.Errorf("release %s revision %d cannot be retained: %w", h, c.record.Version, err)
		}
	}
	backup, err := h.backUpAll(ctx, records, options)
	if err != nil {
		return nil, err
	}
	if h.Rendered() { // it has no record to write, and the backup notes who, why and when
		records, wanted[0] = nil, backup.secret
	}
	for i, c := range records {
		if equal(c.secret, wanted[i]) {
			continue
		}
		options.progress("writing the record %s/%s", h.Namespace, c.secret.Name)
		if err := h.write(ctx, wanted[i]); err != nil {
			return nil, err
		}
	}
	if lacking := h.unkept(found); len(lacking) > 0 {
		options.progress("annotating %s", listed(lacking))
		if err := h.annotate(ctx, lacking); err != nil {
			return nil, err
		}
	}
	return h.ledger(backup, wanted[0], options), nil
}

// retained returns the object of the retained record.
func retained(c held, options Options) (*corev1.Secret, error) {
	data, err := c.retained()
	if err != nil {
		return nil, err
	}
	secret, notes := c.secret.DeepCopy(), map[string]string{}
	if !isNoted(secret.Annotations) {
		notes = options.annotations()
	}
	dress(secret, data, notes)
	return secret, nil
}

// dress makes the object hold a retained record.
func dress(secret *corev1.Secret, data []byte, notes map[string]string) {
	secret.Data = map[string][]byte{recordKey: data}
	metav1.SetMetaDataLabel(&secret.ObjectMeta, LabelRetained, "true")
	for key, value := range notes {
		metav1.SetMetaDataAnnotation(&secret.ObjectMeta, key, value)
	}
}

// write writes the object of a record, reads it back and compares.
func (h Handle) write(ctx context.Context, wanted *corev1.Secret) error {
	if err := h.put(ctx, wanted); err != nil {
		return err
	}
	now, err := h.get(ctx, wanted.Name)
	if err != nil {
		return err
	}
	if !equal(now, wanted) {
		return fmt.Errorf("the record %s/%s was not stored as written: somebody else, or an admission webhook, changed it at the same moment; "+
			"the backup in namespace %s has the original; try again", h.Namespace, wanted.Name, h.backups)
	}
	return nil
}

// equal compares what is ours.
func equal(a, b *corev1.Secret) bool {
	return bytes.Equal(a.Data[recordKey], b.Data[recordKey]) && a.Labels[LabelRetained] == b.Labels[LabelRetained] &&
		maps.Equal(noted(a.Annotations), noted(b.Annotations))
}

// ledger says what was done. A repetition returns the same: who, why and when come from the record.
func (h Handle) ledger(b *held, record *corev1.Secret, options Options) *journal.Ledger {
	noted := notedIn(record.Annotations)
	if noted.Now.IsZero() {
		noted.Now = options.Now.UTC()
	}
	return &journal.Ledger{
		Namespace: h.Namespace, Release: h.Name, Revision: h.Revision,
		RecordBefore: b.secret.Annotations[annotationDigest], Backup: b.secret.Name,
		Operator: noted.Operator, Reason: noted.Reason, At: noted.Now,
	}
}
