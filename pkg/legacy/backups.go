package legacy

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// backupSelector selects the release's backups.
func (r Release) backupSelector() string {
	return fmt.Sprintf("%s=%s,%s=%s,%s=%s", labelBackup, backupOfRecord, labelNamespace, r.Namespace, labelRelease, r.Name)
}

// listBackups lists backups, latest first, without content.
func (s Site) listBackups(ctx context.Context, selector string) ([]metav1.PartialObjectMetadata, error) {
	list, err := s.access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(s.backups).
		List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("the backups of release records %s cannot be listed: %w", inNamespace(s.backups), err)
	}
	slices.SortStableFunc(list.Items, func(a, b metav1.PartialObjectMetadata) int {
		if order := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); order != 0 {
			return order
		}
		return revisionOf(b) - revisionOf(a)
	})
	return list.Items, nil
}

func revisionOf(item metav1.PartialObjectMetadata) int {
	number, _ := strconv.Atoi(item.Labels[labelRevision]) // 0 if somebody broke the label
	return number
}

func (s Site) getBackup(ctx context.Context, listed metav1.PartialObjectMetadata, ledger *journal.Ledger) (*backup, error) {
	secret, err := s.readSecret(ctx, listed)
	if err != nil {
		return nil, err
	}
	return readBackup(secret, ledger)
}

func (s Site) readSecret(ctx context.Context, listed metav1.PartialObjectMetadata) (*corev1.Secret, error) {
	secret, err := s.access.Clientset().CoreV1().Secrets(listed.Namespace).Get(ctx, listed.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("the backup %s/%s cannot be read: %w", listed.Namespace, listed.Name, err)
	}
	return secret, nil
}

// findBackup returns the backup of the record. It is nil if there is none that
// is sound; problems then say what is wrong with those that are not. Of a revision
// that the ledger lists it is the one that the ledger names.
func (h Handle) findBackup(ctx context.Context, record Record) (found *backup, problems []string, err error) {
	items, err := h.listBackups(ctx, fmt.Sprintf("%s,%s=%d", h.backupSelector(), labelRevision, record.Version))
	if err != nil {
		return nil, nil, err
	}
	listed := h.Ledger.Covers(h.Namespace, h.Name, record.Version) && h.Ledger.Backup != ""
	for _, item := range items {
		if listed && item.Name != h.Ledger.Backup {
			problems = append(problems, fmt.Sprintf("the backup %s/%s is not the one that the journal lists, %s; it is not used",
				item.Namespace, item.Name, h.Ledger.Backup))
			continue
		}
		secret, err := h.readSecret(ctx, item)
		switch {
		case apierrors.IsNotFound(err): // it was deleted since it was listed
			continue
		case err != nil: // it may be sound: another one beside it would be wrong
			return nil, nil, err
		}
		b, err := readBackup(secret, h.Ledger)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		same, err := b.matches(record)
		if err != nil {
			return nil, nil, err
		}
		if same {
			return b, nil, nil
		}
	}
	return nil, problems, nil
}

// latestBackup returns the backup that a release whose record is gone is
// restored from: the one that its ledger or itself names, else the latest of a
// deployed revision.
func (h Handle) latestBackup(ctx context.Context) (*backup, error) {
	items, err := h.listBackups(ctx, fmt.Sprintf("%s,%s=%s", h.backupSelector(), labelStatus, statusDeployed))
	if err != nil {
		return nil, err
	}
	wanted, which := h.Backup, ""
	if h.Ledger != nil && h.Ledger.Backup != "" {
		wanted, which = h.Ledger.Backup, " (the journal lists "+h.Ledger.Backup+")"
	}
	for _, item := range items {
		if wanted == "" || item.Name == wanted {
			return h.getBackup(ctx, item, h.Ledger)
		}
	}
	return nil, fmt.Errorf("there is no backup of the record of %s in namespace %s%s: it can only be installed again, with Helm",
		h, h.backups, which)
}
