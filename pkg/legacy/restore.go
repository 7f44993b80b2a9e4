package legacy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// RestoreRecord writes the record of an uninstalled release again, from the
// backup in the satellite's namespace: as Helm had it, retained. It changes
// nothing if the record is there. It refuses if another revision is deployed, or
// if the backup was tampered with. Objects are not its matter: see
// RecreateObjects.
func RestoreRecord(ctx context.Context, access *cluster.Access, release Release, namespace string) error {
	b, err := latestBackup(ctx, access, namespace, release)
	if err != nil {
		return err
	}
	st := store{access: access, driver: b.original.Driver, namespace: b.original.Namespace}
	revisions, err := st.revisions(ctx, "name="+release.Name)
	if err != nil {
		return err
	}
	if now := deployed(revisions); now != nil && now.number != b.record.Version {
		return fmt.Errorf("release %s was installed again: revision %d is deployed and the backup is of revision %d; nothing was restored", release, now.number, b.record.Version)
	}
	if err := st.restore(ctx, b); err != nil {
		return err
	}
	// The latest record says what Helm takes the release for. One of an
	// uninstall that kept the history would hide the restored one.
	for _, r := range revisions {
		if r.number > b.record.Version && (r.status == "uninstalled" || r.status == "uninstalling") {
			if err := st.delete(ctx, r.object); err != nil {
				return err
			}
		}
	}
	if _, removed := b.secret.Labels[labelRemoved]; removed {
		delete(b.secret.Labels, labelRemoved) // it is in use again
		return b.update(ctx, access)
	}
	return nil
}

// restore creates the object of the record, or replaces one that is not usable.
func (s store) restore(ctx context.Context, b *backup) error {
	manifest, err := AnnotateManifest(b.record.Manifest)
	if err != nil {
		return fmt.Errorf("the backup %s/%s: %w", b.secret.Namespace, b.secret.Name, err)
	}
	kept, err := b.record.WithManifest(manifest)
	if err != nil {
		return err
	}
	data := b.secret.Data[recordKey]
	if manifest != b.record.Manifest {
		if data, err = kept.Encode(); err != nil {
			return fmt.Errorf("the backup %s/%s: %w", b.secret.Namespace, b.secret.Name, err)
		}
	}
	h, err := s.get(ctx, b.original.Name)
	switch {
	case err == nil:
		if usable(h) {
			return nil
		}
		h = h.copy()
		b.dress(h, data)
		err = s.update(ctx, h)
	case errors.Is(err, errNoRecord):
		h = s.empty(b.original.Name)
		b.dress(h, data)
		err = s.create(ctx, h)
	}
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("namespace %q of the legacy release is gone: create it first: %w", s.namespace, err)
	}
	if err != nil {
		return err
	}
	now, err := s.get(ctx, b.original.Name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now.data(), data) {
		return fmt.Errorf("the restored record %s/%s does not read as it was written: look for an admission webhook that changes Secrets", s.namespace, b.original.Name)
	}
	return nil
}

// usable reports whether the object holds a record of a deployed revision.
func usable(h holder) bool {
	record, err := DecodeRecord(h.data())
	return err == nil && record.Status == statusDeployed && h.meta().Labels["status"] == statusDeployed
}

// dress gives the object its content, with labels as Helm had them.
func (b *backup) dress(h holder, data []byte) {
	h.setData(data)
	meta := h.meta()
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
