package legacy

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// RetainOptions say who, why and when.
type RetainOptions struct {
	// Operator and Reason are written on the record.
	Operator, Reason string
	// Now is the time that is written down.
	Now time.Time
	// Progress is told what is done; may be nil.
	Progress func(message string)
}

// annotations are who, why and when. None is empty, because an empty one
// would read as missing.
func (o RetainOptions) annotations() map[string]string {
	return map[string]string{
		annotationReason: cmp.Or(o.Reason, "kept for rollback"),
		annotationBy:     cmp.Or(o.Operator, "unknown"),
		annotationAt:     o.Now.UTC().Format(time.RFC3339),
	}
}

// notedIn are the options that annotations hold; the time is zero if they hold none.
func notedIn(annotations map[string]string) RetainOptions {
	at, _ := time.Parse(time.RFC3339, annotations[annotationAt])
	return RetainOptions{Operator: annotations[annotationBy], Reason: annotations[annotationReason], Now: at}
}

func (o RetainOptions) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Retain makes the release survive `helm uninstall`: a backup of the record,
// then one write of the record, read back, then the live objects. What is in
// place already is not written, so that a repetition writes nothing. It returns
// the entry for the ledger in the journal. After an error nothing is lost, and a
// repetition continues. The namespace of the backups must exist.
func (h Handle) Retain(ctx context.Context, options RetainOptions) (*journal.Ledger, error) {
	records, err := h.records(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.idle(records); err != nil {
		return nil, err
	}
	objects, err := h.objectsOf(records)
	if err != nil {
		return nil, fmt.Errorf("the record of release %s: %w", h, err)
	}
	found, err := h.look(ctx, objects)
	if err != nil {
		return nil, err
	}
	// All is prepared before the first write: what cannot work fails here.
	wanted := make([]holder, len(records))
	for i, c := range records {
		if wanted[i], err = retained(c, options); err != nil {
			return nil, fmt.Errorf("release %s revision %d cannot be retained: %w", h, c.record.Version, err)
		}
	}
	backup, err := h.retainRecords(ctx, records, wanted, options)
	if err != nil {
		return nil, err
	}
	if lacking := h.unkept(found); len(lacking) > 0 {
		options.progress("annotating %s", strings.Join(names(lacking), ", "))
		if err := h.annotate(ctx, lacking); err != nil {
			return nil, err
		}
	}
	return h.ledger(backup, wanted[0], options), nil
}

// retainRecords makes all the backups, and then writes the records as they are
// wanted. It returns the backup of the first.
func (h Handle) retainRecords(ctx context.Context, records []current, wanted []holder, options RetainOptions) (*backup, error) {
	backups := make([]*backup, len(records))
	for i, c := range records {
		var err error
		if backups[i], err = h.backUp(ctx, c.holder, c.record, options); err != nil {
			return nil, err
		}
	}
	for i, c := range records {
		if equal(c.holder, wanted[i]) {
			continue
		}
		options.progress("writing the record %s/%s", h.Namespace, c.holder.meta().Name)
		if err := h.write(ctx, wanted[i]); err != nil {
			return nil, err
		}
	}
	return backups[0], nil
}

// retained returns the object of the record as it has to be.
func retained(c current, options RetainOptions) (holder, error) {
	h := c.holder.copy()
	if !c.isKept() {
		data, err := c.kept.Encode()
		if err != nil {
			return holder{}, err
		}
		h.setData(data)
	}
	meta := h.meta()
	if meta.Labels == nil {
		meta.Labels = map[string]string{}
	}
	meta.Labels[LabelRetained] = "true"
	if !hasAnnotations(meta.Annotations) {
		if meta.Annotations == nil {
			meta.Annotations = map[string]string{}
		}
		maps.Copy(meta.Annotations, options.annotations())
	}
	return h, nil
}

// write updates the object of a record, reads it back and compares.
func (h Handle) write(ctx context.Context, wanted holder) error {
	st, name := h.store(), wanted.meta().Name
	if err := st.update(ctx, wanted); err != nil {
		return err
	}
	now, err := st.get(ctx, name)
	if err != nil {
		return err
	}
	if !equal(now, wanted) {
		return fmt.Errorf("the record %s/%s does not read as it was written: somebody else changed it at the same moment, "+
			"or an admission webhook did; the backup in namespace %s has the original; try again", h.Namespace, name, h.backups)
	}
	return nil
}

// equal compares what is ours.
func equal(a, b holder) bool {
	same := bytes.Equal(a.data(), b.data()) && a.meta().Labels[LabelRetained] == b.meta().Labels[LabelRetained]
	for _, key := range retainedAnnotations() {
		same = same && a.meta().Annotations[key] == b.meta().Annotations[key]
	}
	return same
}

// ledger says what was done. A repetition returns the same, because who, why
// and when come from the record.
func (h Handle) ledger(b *backup, record holder, options RetainOptions) *journal.Ledger {
	noted := notedIn(record.meta().Annotations)
	if noted.Now.IsZero() {
		noted.Now = options.Now.UTC()
	}
	return &journal.Ledger{
		Namespace: h.Namespace, Release: h.Name, Revision: h.Revision,
		RecordBefore: b.secret.Annotations[annotationDigest], Backup: b.secret.Name,
		Operator: noted.Operator, Reason: noted.Reason, At: noted.Now,
	}
}
