package legacy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// backupLabels are the labels that all backups of the release share.
func (r Release) backupLabels() labels.Set {
	return labels.Set{labelBackup: backupOfRecord, labelNamespace: r.Namespace, labelRelease: r.Name}
}

// listBackups lists backups, latest first, without content.
func (s Site) listBackups(ctx context.Context, selector string) ([]metav1.PartialObjectMetadata, error) {
	items, err := s.list(ctx, resource(cluster.DriverSecrets), s.backups, selector, "backups of release records")
	items = slices.Clone(items) // an answer may be shared
	slices.SortStableFunc(items, func(a, b metav1.PartialObjectMetadata) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), revisionOf(b)-revisionOf(a))
	})
	return items, err
}

func revisionOf(item metav1.PartialObjectMetadata) int {
	number, _ := strconv.Atoi(item.Labels[labelRevision]) // 0 if somebody broke the label
	return number
}

func (s Site) backup(ctx context.Context, namespace, name string, ledger *journal.Ledger) (*held, error) {
	secret, err := s.readBackup(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	return soundBackup(secret, ledger)
}

func (s Site) readBackup(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	return ask(s.asked, "backup "+namespace+"/"+name, func() (*corev1.Secret, error) {
		secret, err := s.access.Clientset().CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("the backup %s/%s cannot be read: %w", namespace, name, err)
		}
		return secret, nil
	})
}

// findBackup returns the backup of the record, for a revision in the ledger the one that the ledger names. It is nil if
// none is sound; problems then say what is wrong with the others.
func (h Handle) findBackup(ctx context.Context, of held) (found *held, problems []string, err error) {
	own := h.backupLabels()
	own[labelRevision] = strconv.Itoa(of.record.Version)
	listed := h.Ledger.Covers(h.Namespace, h.Name, of.record.Version) && h.Ledger.Backup != ""
	if listed { // if its labels would find it, too, no other is searched
		b, err := h.backup(ctx, h.backups, h.Ledger.Backup, h.Ledger)
		if err == nil && own.AsSelector().Matches(labels.Set(b.secret.Labels)) && b.matches(of) {
			return b, nil, nil
		}
	}
	items, err := h.listBackups(ctx, own.String())
	if err != nil {
		return nil, nil, err
	}
	for _, item := range items {
		if listed && item.Name != h.Ledger.Backup {
			problems = append(problems, fmt.Sprintf("the backup %s/%s is not the one that the journal lists, %s; it is not used",
				item.Namespace, item.Name, h.Ledger.Backup))
			continue
		}
		secret, err := h.readBackup(ctx, item.Namespace, item.Name)
		switch {
		case apierrors.IsNotFound(err): // it was deleted since it was listed
			continue
		case err != nil: // it may be sound, and another one beside it would be wrong
			return nil, nil, err
		}
		switch b, err := soundBackup(secret, h.Ledger); {
		case err != nil:
			problems = append(problems, err.Error())
		case b.matches(of):
			return b, nil, nil
		}
	}
	return nil, problems, nil
}

// latestBackup returns the backup to restore a release from whose record is gone: the one that the ledger or the release
// names, else the latest of a deployed revision.
func (h Handle) latestBackup(ctx context.Context) (*held, error) {
	own := h.backupLabels()
	own[labelStatus] = statusDeployed
	items, err := h.listBackups(ctx, own.String())
	if err != nil {
		return nil, err
	}
	wanted, which := h.Backup, ""
	if h.Ledger != nil && h.Ledger.Backup != "" {
		wanted, which = h.Ledger.Backup, " (the journal lists "+h.Ledger.Backup+")"
	}
	for _, item := range items {
		if wanted == "" || item.Name == wanted {
			return h.backup(ctx, item.Namespace, item.Name, h.Ledger)
		}
	}
	return nil, fmt.Errorf("there is no backup of the record of %s in namespace %s%s: it can only be installed again, with Helm", h, h.backups, which)
}

// backUp ensures that the record has a backup in use. A new one notes who, why and when, for the record to get back.
func (h Handle) backUp(ctx context.Context, of held, options Options) (*held, error) {
	b, problems, err := h.findBackup(ctx, of)
	if err != nil {
		return nil, err
	}
	for _, problem := range problems {
		options.progress("%s", problem)
	}
	if b != nil {
		return b, h.use(ctx, b)
	}
	b = h.newBackup(of)
	maps.Copy(b.secret.Annotations, options.annotations())
	options.progress("saving the record of %s revision %d as Secret %s", h, of.record.Version, b)
	return b, h.save(ctx, b)
}

// backUpAll ensures that each record has a backup, and returns that of the first.
func (h Handle) backUpAll(ctx context.Context, records []held, options Options) (first *held, err error) {
	for _, c := range records {
		b, err := h.backUp(ctx, c, options)
		if err != nil {
			return nil, err
		}
		first = cmp.Or(first, b)
	}
	return first, nil
}

// save writes a new backup. It replaces a Secret of that name with other content, which the digest in the name refutes.
func (s Site) save(ctx context.Context, b *held) error {
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
		return fmt.Errorf("the backup of the record cannot be saved as Secret %s, so the release was left as it is: %w", b, err)
	}
	b.secret = created
	return nil
}

// use removes the mark of a removed release from the backup.
func (s Site) use(ctx context.Context, b *held) error {
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
