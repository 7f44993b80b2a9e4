package legacy

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Unretain undoes Retain: the record is as it was before, byte for byte if
// nobody else changed it, the live annotations that we made go, and the
// backups go last. The namespace is the satellite's. Repeating it is harmless.
func Unretain(ctx context.Context, access *cluster.Access, release Release, namespace string) error {
	records, err := records(ctx, access, release)
	if err != nil {
		return err
	}
	backups := make([]*backup, len(records))
	writes := make([]holder, len(records))
	for i, c := range records {
		var problems []string
		backups[i], problems, err = findBackup(ctx, access, namespace, release, c.record)
		switch {
		case err != nil:
			return err
		case backups[i] == nil && c.isKept() && c.holder.meta().Labels[LabelRetained] == "true":
			return fmt.Errorf("release %s stays retained, which does no harm: there is no sound backup in namespace %s to tell how its record was before %q", release, namespace, problems)
		case backups[i] == nil:
			// An upgrade since has left the label and nothing else.
			writes[i] = c.holder.copy()
			unmark(writes[i])
		default:
			if writes[i], err = backups[i].undo(c); err != nil {
				return err
			}
		}
	}
	st := storeOf(access, release)
	for i, c := range records {
		if err := st.write(ctx, c.holder, writes[i], namespace); err != nil {
			return err
		}
	}
	for _, b := range backups {
		if b == nil {
			continue
		}
		if err := b.unannotate(ctx, access, release); err != nil {
			return err
		}
	}
	// Those of earlier revisions go as well: what is not retained must not look
	// as if it had been uninstalled by mistake when somebody uninstalls it.
	return deleteBackups(ctx, access, namespace, release)
}

// undo returns the object of the record without our changes, and with those
// that others made since.
func (b *backup) undo(c current) (holder, error) {
	before, err := c.record.WithManifest(b.record.Manifest)
	if err != nil {
		return holder{}, err
	}
	now, err := before.json()
	if err != nil {
		return holder{}, err
	}
	then, err := b.record.json()
	if err != nil {
		return holder{}, err
	}
	data := b.secret.Data[recordKey]
	if !bytes.Equal(now, then) {
		if data, err = before.Encode(); err != nil {
			return holder{}, err
		}
	}
	h := c.holder.copy()
	h.setData(data)
	unmark(h)
	return h, nil
}

// unmark removes our label and annotations.
func unmark(h holder) {
	delete(h.meta().Labels, LabelRetained)
	for _, key := range retainedAnnotations() {
		delete(h.meta().Annotations, key)
	}
}

// unannotate takes the annotation from the live objects that we gave it to.
func (b *backup) unannotate(ctx context.Context, access *cluster.Access, release Release) error {
	objects, err := manifestObjects(b.record.Manifest, release.Namespace)
	if err != nil {
		return err
	}
	found, err := look(ctx, access, objects)
	if err != nil {
		return err
	}
	ours := slices.DeleteFunc(found, func(l live) bool { return !l.kept() || !slices.Contains(b.annotated, l.ref.String()) })
	return annotate(ctx, access, ours, nil)
}
