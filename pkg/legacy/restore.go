package legacy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RestoreRecord writes the record of an uninstalled release again from its backup, retained, unless the record exists.
// It refuses if another revision is deployed, or if the backup was tampered with. RecreateObjects restores the objects.
func (h Handle) RestoreRecord(ctx context.Context) error {
	b, err := h.latestBackup(ctx)
	if err != nil {
		return err
	}
	h.Driver, h.Namespace = b.original.Driver, b.original.Namespace
	if h.Rendered() {
		return h.use(ctx, b)
	}
	revisions, err := h.revisions(ctx, h.Driver, h.Namespace, h.Name)
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
		if err := h.delete(ctx, r.object); err != nil {
			return err
		}
	}
	return h.use(ctx, b)
}

// hides reports whether Helm would consider the release uninstalled, whatever the record says: the latest revision
// decides, and this is a later one of an uninstall that kept the history, or did not end.
func (r revision) hides(record Record) bool {
	return r.number > record.Version && (r.status == "uninstalled" || r.status == "uninstalling")
}

// saveHiding backs up the records that are deleted because they hide that of b: they may be the only ones of an upgrade
// after the retention. No release is restored from these backups: their revisions are not deployed.
func (h Handle) saveHiding(ctx context.Context, hiding []revision, b *held) error {
	for _, r := range hiding {
		hides, err := h.held(ctx, r.object)
		switch {
		case errors.Is(err, errNoRecord):
			continue
		case err != nil && hides.secret == nil:
			return err
		case err == nil:
			_, err = hides.documents()
		}
		if err != nil {
			return fmt.Errorf("revision %d of release %s is %s and hides revision %d, but cannot be backed up before it is deleted, "+
				"so nothing was restored: save its record %s/%s yourself, delete it, and try again: %w",
				r.number, h, r.status, b.record.Version, h.Namespace, r.object, err)
		}
		if _, err := h.backUp(ctx, hides, notedIn(b.secret.Annotations)); err != nil {
			return err
		}
	}
	return nil
}

// restore creates the object of the record, or replaces an unusable one.
func (h Handle) restore(ctx context.Context, b *held) error {
	data, err := b.retained()
	if err != nil {
		return fmt.Errorf("the backup %s: %w", b, err)
	}
	secret, err := h.get(ctx, b.original.Name)
	switch {
	case err == nil && usable(secret):
		return nil
	case errors.Is(err, errNoRecord):
		secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: b.original.Name, Namespace: h.Namespace}, Type: recordType}
	case err != nil:
		return err
	}
	secret.Labels, secret.Annotations = maps.Clone(b.original.Labels), maps.Clone(b.original.Annotations)
	dress(secret, data, noted(b.secret.Annotations))
	err = h.write(ctx, secret)
	if apierrors.IsNotFound(err) && !errors.Is(err, errNoRecord) { // not the record was missing, but its namespace
		return fmt.Errorf("namespace %q of the legacy release is gone: create it first: %w", h.Namespace, err)
	}
	return err
}

// usable reports whether the object holds a record of a deployed revision.
func usable(secret *corev1.Secret) bool {
	record, err := DecodeRecord(secret.Data[recordKey])
	return err == nil && record.Info.Status == statusDeployed && secret.Labels["status"] == statusDeployed
}
