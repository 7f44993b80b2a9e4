package legacy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// RestoreRecord writes the record of an uninstalled release again, from its
// backup: as Helm had it, retained. It changes nothing if the record is there. It
// refuses if another revision is deployed, or if the backup was tampered with.
// Objects are not its matter: see RecreateObjects.
func (h Handle) RestoreRecord(ctx context.Context) error {
	b, err := h.latestBackup(ctx)
	if err != nil {
		return err
	}
	h.Driver, h.Namespace = b.original.Driver, b.original.Namespace
	revisions, err := h.store().revisions(ctx, "name="+h.Name)
	if err != nil {
		return err
	}
	if now := deployed(revisions); now != nil && now.number != b.record.Version {
		return fmt.Errorf("release %s was installed again: revision %d is deployed and the backup is of revision %d; nothing was restored",
			h, now.number, b.record.Version)
	}
	hiding := slices.DeleteFunc(revisions, func(r revision) bool { return !r.hides(b.record) })
	if err := h.saveHiding(ctx, hiding, b); err != nil {
		return err
	}
	if err := h.restore(ctx, b); err != nil {
		return err
	}
	for _, r := range hiding {
		if err := h.store().delete(ctx, r.object); err != nil {
			return err
		}
	}
	return h.use(ctx, b)
}

// hides reports whether Helm would take the release for uninstalled, whatever
// the record says: the latest revision decides, and this is a later one of an
// uninstall that kept the history, or did not end.
func (r revision) hides(record Record) bool {
	return r.number > record.Version && (r.status == "uninstalled" || r.status == "uninstalling")
}

// saveHiding makes backups of the records that are deleted for hiding the one of
// the backup b: they may be the only ones of an upgrade after the retention. No
// release is restored from these backups, whose revisions are not deployed.
func (h Handle) saveHiding(ctx context.Context, hiding []revision, b *backup) error {
	for _, r := range hiding {
		held, err := h.store().get(ctx, r.object)
		if errors.Is(err, errNoRecord) {
			continue
		}
		if err != nil {
			return err
		}
		record, err := DecodeRecord(held.data())
		if err != nil {
			return fmt.Errorf("revision %d of release %s is %s and hides revision %d, but cannot be backed up before it is deleted, "+
				"so nothing was restored: save its record %s/%s yourself, delete it, and try again: %w",
				r.number, h, r.status, b.record.Version, h.Namespace, r.object, err)
		}
		if _, err := h.backUp(ctx, held, record, notedIn(b.secret.Annotations)); err != nil {
			return err
		}
	}
	return nil
}

// restore creates the object of the record, or replaces one that is not usable,
// and reads it back.
func (h Handle) restore(ctx context.Context, b *backup) error {
	data, err := b.retained()
	if err != nil {
		return fmt.Errorf("the backup %s: %w", b, err)
	}
	st := h.store()
	held, err := st.get(ctx, b.original.Name)
	switch {
	case err == nil && usable(held):
		return nil
	case err == nil:
		held = held.copy()
		b.dress(held, data)
		err = st.update(ctx, held)
	case errors.Is(err, errNoRecord):
		held = st.empty(b.original.Name)
		b.dress(held, data)
		err = st.create(ctx, held)
	}
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("namespace %q of the legacy release is gone: create it first: %w", h.Namespace, err)
	}
	if err != nil {
		return err
	}
	now, err := st.get(ctx, b.original.Name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now.data(), data) {
		return fmt.Errorf("the restored record %s/%s does not read as it was written: look for an admission webhook that changes Secrets",
			h.Namespace, b.original.Name)
	}
	return nil
}

// retained returns the record as Helm stores it, with every object kept.
func (b *backup) retained() ([]byte, error) {
	manifest, err := AnnotateManifest(b.record.Manifest)
	if err != nil {
		return nil, err
	}
	if manifest == b.record.Manifest {
		return b.secret.Data[recordKey], nil
	}
	kept, err := b.record.WithManifest(manifest)
	if err != nil {
		return nil, err
	}
	return kept.Encode()
}

// usable reports whether the object holds a record of a deployed revision.
func usable(held holder) bool {
	record, err := DecodeRecord(held.data())
	return err == nil && record.Status == statusDeployed && held.meta().Labels["status"] == statusDeployed
}

// dress gives the object its content, with labels as Helm had them.
func (b *backup) dress(held holder, data []byte) {
	held.setData(data)
	meta := held.meta()
	meta.Labels = maps.Clone(b.original.Labels)
	if meta.Labels == nil {
		meta.Labels = map[string]string{}
	}
	meta.Labels[LabelRetained] = "true"
	meta.Annotations = maps.Clone(b.original.Annotations)
	if meta.Annotations == nil {
		meta.Annotations = map[string]string{}
	}
	for _, key := range retainedAnnotations() {
		if value := b.secret.Annotations[key]; value != "" {
			meta.Annotations[key] = value
		}
	}
}
