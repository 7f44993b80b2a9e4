package legacy

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// RetainOptions say where, who, why and when.
type RetainOptions struct {
	// Namespace is the satellite's, where the backup goes. It must exist.
	Namespace string
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

func (o RetainOptions) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Retain makes the release survive `helm uninstall`: a backup of the record,
// then one write of the record, read back, then the live objects. What is so
// already is not written, so that a repetition writes nothing. It returns the
// entry for the ledger in the journal. After an error nothing is lost, and a
// repetition goes on.
func Retain(ctx context.Context, access *cluster.Access, release Release, options RetainOptions) (*journal.Ledger, error) {
	records, err := records(ctx, access, release)
	if err != nil {
		return nil, err
	}
	if err := idle(release, records); err != nil {
		return nil, err
	}
	objects, err := objectsOf(records, release.Namespace)
	if err != nil {
		return nil, fmt.Errorf("the record of release %s: %w", release, err)
	}
	found, err := look(ctx, access, objects)
	if err != nil {
		return nil, err
	}
	lacking := unkept(release, found)

	// All is prepared before the first write: what cannot work fails here.
	writes := make([]holder, len(records))
	for i, c := range records {
		if writes[i], err = retained(c, options); err != nil {
			return nil, fmt.Errorf("release %s revision %d cannot be retained: %w", release, c.record.Version, err)
		}
	}
	backups := make([]*backup, len(records))
	for i, c := range records {
		ours := names(lacking)
		if i > 0 {
			ours = nil // noted once, with the deployed revision
		}
		if backups[i], err = backUp(ctx, access, release, c, ours, options); err != nil {
			return nil, err
		}
	}
	st := storeOf(access, release)
	for i, c := range records {
		if !equal(c.holder, writes[i]) {
			options.progress("writing the record %s/%s", release.Namespace, c.holder.meta().Name)
		}
		if err := st.write(ctx, c.holder, writes[i], options.Namespace); err != nil {
			return nil, err
		}
	}
	if len(lacking) > 0 {
		options.progress("annotating %s", strings.Join(names(lacking), ", "))
		if err := annotate(ctx, access, lacking); err != nil {
			return nil, err
		}
	}
	return ledger(release, backups[0], writes[0], options), nil
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

// backUp makes sure that there is a backup of the record, and that it says
// which objects we annotate.
func backUp(ctx context.Context, access *cluster.Access, release Release, c current, ours []string, options RetainOptions) (*backup, error) {
	b, problems, err := findBackup(ctx, access, options.Namespace, release, c.record)
	if err != nil {
		return nil, err
	}
	for _, problem := range problems {
		options.progress("%s", problem)
	}
	if b == nil {
		if b, err = newBackup(options.Namespace, release, c.holder, c.record); err != nil {
			return nil, err
		}
		// The restored record gets them back.
		maps.Copy(b.secret.Annotations, options.annotations())
		if err := b.note(ours); err != nil {
			return nil, err
		}
		options.progress("saving the record of %s revision %d as Secret %s/%s", release, c.record.Version, options.Namespace, b.secret.Name)
		err = b.save(ctx, access)
		return b, err
	}
	before := b.secret.Annotations[annotationAnnotated]
	if err := b.note(ours); err != nil {
		return nil, err
	}
	_, removed := b.secret.Labels[labelRemoved]
	if before == b.secret.Annotations[annotationAnnotated] && !removed {
		return b, nil
	}
	delete(b.secret.Labels, labelRemoved) // it is in use again
	err = b.update(ctx, access)
	return b, err
}

// write updates the object of the record if it differs, reads it back and
// compares. The last argument is the namespace of the backups, for the error.
func (s store) write(ctx context.Context, before, after holder, backups string) error {
	if equal(before, after) {
		return nil
	}
	name := after.meta().Name
	if err := s.update(ctx, after); err != nil {
		return err
	}
	now, err := s.get(ctx, name)
	if err != nil {
		return err
	}
	if !equal(now, after) {
		return fmt.Errorf("the record %s/%s does not read as it was written: somebody else changed it at the same moment, or an admission webhook did; the backup in namespace %s has the original; try again",
			s.namespace, name, backups)
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
func ledger(release Release, b *backup, h holder, options RetainOptions) *journal.Ledger {
	annotations := h.meta().Annotations
	at, err := time.Parse(time.RFC3339, annotations[annotationAt])
	if err != nil {
		at = options.Now.UTC()
	}
	return &journal.Ledger{
		Namespace: release.Namespace, Release: release.Name, Revision: release.Revision,
		RecordBefore: b.secret.Annotations[annotationDigest], Backup: b.secret.Name, Annotated: slices.Clone(b.annotated),
		Operator: annotations[annotationBy], Reason: annotations[annotationReason], At: at,
	}
}
