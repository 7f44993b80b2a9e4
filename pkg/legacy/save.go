package legacy

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// backUp makes sure that there is a backup of the record, and that it counts as
// one in use. A new one notes who, why and when, for the record to get back.
func (h Handle) backUp(ctx context.Context, from holder, record Record, options RetainOptions) (*backup, error) {
	b, problems, err := h.findBackup(ctx, record)
	if err != nil {
		return nil, err
	}
	for _, problem := range problems {
		options.progress("%s", problem)
	}
	if b != nil {
		return b, h.use(ctx, b)
	}
	if b, err = h.newBackup(from, record); err != nil {
		return nil, err
	}
	maps.Copy(b.secret.Annotations, options.annotations())
	options.progress("saving the record of %s revision %d as Secret %s", h, record.Version, b)
	return b, h.save(ctx, b)
}

// save writes a new backup. A Secret of the same name whose content is not what
// was saved is replaced: its name, which has the digest, shows what belongs there.
func (s Site) save(ctx context.Context, b *backup) error {
	secrets := s.access.Clientset().CoreV1().Secrets(b.secret.Namespace)
	created, err := secrets.Create(ctx, b.secret, metav1.CreateOptions{FieldManager: fieldManager})
	if apierrors.IsAlreadyExists(err) {
		var there *corev1.Secret
		if there, err = secrets.Get(ctx, b.secret.Name, metav1.GetOptions{}); err != nil {
			return fmt.Errorf("the backup %s cannot be read: %w", b, err)
		}
		options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &there.UID, ResourceVersion: &there.ResourceVersion}}
		if err := secrets.Delete(ctx, there.Name, options); err != nil {
			return fmt.Errorf("the damaged backup %s cannot be replaced: %w", b, err)
		}
		created, err = secrets.Create(ctx, b.secret, metav1.CreateOptions{FieldManager: fieldManager})
	}
	if err != nil {
		return fmt.Errorf("the backup of the record cannot be saved as Secret %s, so nothing was changed: %w", b, err)
	}
	b.secret = created
	return nil
}

// use takes away the mark of a removed release, if the backup has it.
func (s Site) use(ctx context.Context, b *backup) error {
	if _, removed := b.secret.Labels[labelRemoved]; !removed {
		return nil
	}
	delete(b.secret.Labels, labelRemoved)
	secrets := s.access.Clientset().CoreV1().Secrets(b.secret.Namespace)
	updated, err := secrets.Update(ctx, b.secret, metav1.UpdateOptions{FieldManager: fieldManager})
	if err != nil {
		return fmt.Errorf("the backup %s cannot be updated: %w", b, err)
	}
	b.secret = updated
	return nil
}
