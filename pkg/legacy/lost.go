package legacy

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// lost handles a candidate without a deployed record, uninstalled by somebody. A backup can restore it.
func (s *search) lost(ctx context.Context, candidate Release, why string) error {
	saved, err := s.savedOf(ctx, candidate, 0)
	if err != nil {
		return err
	}
	if saved != nil {
		return s.fromBackup(ctx, candidate, *saved)
	}
	if candidate.Rendered() {
		return s.fromLive(ctx, candidate)
	}
	there := "the envproxy of " + candidate.String()
	if len(s.claims[candidate.String()]) == 0 {
		if candidate.Status == "" {
			return nil // nothing remains of the ledger's release
		}
		there = "the release " + candidate.String()
	}
	s.found.Unusable = s.found.Unusable || candidate.Ledger != nil || candidate.Namespace == s.hint.Namespace
	operation := ""
	if candidate.inOperation() {
		operation = ": " + candidate.ending()
		s.found.Remedy = cmp.Or(s.found.Remedy, "wait for the Helm operation to end; if nobody runs one, end it with "+candidate.undo())
	}
	s.exclude("%s is there, but %s, and there is no backup%s", there, why, operation)
	return nil
}

// damaged handles an unreadable record: without a backup an error, so that it does not pass as "none found".
func (s *search) damaged(ctx context.Context, candidate Release, current revision, cause error) error {
	saved, err := s.savedOf(ctx, candidate, current.number)
	if err != nil {
		return err
	}
	if saved == nil {
		return fmt.Errorf("the record %s/%s of Helm release %s revision %d is damaged, and there is no backup of it: %w",
			candidate.Namespace, current.object, candidate, current.number, cause)
	}
	s.exclude("the record %s/%s is damaged: %v; it can be restored from the backup", candidate.Namespace, current.object, cause)
	return s.fromBackup(ctx, candidate, *saved)
}

// savedOf returns the backup to restore a candidate from: the one that its ledger names, or the latest, of the revision
// unless that is 0. It is nil if there is none.
func (s *search) savedOf(ctx context.Context, candidate Release, revision int) (*metav1.PartialObjectMetadata, error) {
	items, err := s.saved(ctx)
	i := slices.IndexFunc(items, func(item metav1.PartialObjectMetadata) bool {
		return item.Labels[labelNamespace] == candidate.Namespace && item.Labels[labelRelease] == candidate.Name &&
			(candidate.Ledger == nil || candidate.Ledger.Backup == "" || candidate.Ledger.Backup == item.Name) &&
			(revision == 0 || revision == revisionOf(item))
	})
	if err != nil || i < 0 {
		return nil, err
	}
	return &items[i], nil
}

// fromBackups finds releases of which only a backup remains. With a ledger there are none: its release has been searched.
func (s *search) fromBackups(ctx context.Context) error {
	if s.hint.Ledger != nil {
		return nil
	}
	items, err := s.saved(ctx)
	if err != nil {
		return err
	}
	seen := sets.New[string]()
	for _, item := range items {
		candidate := Release{Context: s.access.Context, Namespace: item.Labels[labelNamespace], Name: item.Labels[labelRelease]}
		if seen.Has(candidate.String()) {
			continue
		}
		seen.Insert(candidate.String())
		if _, err := s.backup(ctx, item.Namespace, item.Name, nil); err != nil {
			s.exclude("%v", err)
			continue
		}
		// The envproxy may be gone while the record is there.
		if err := s.examine(ctx, []Release{candidate}); err != nil {
			return err
		}
	}
	return nil
}

// saved lists the backups of deployed revisions, latest first, except those of releases removed on purpose.
func (s *search) saved(ctx context.Context) ([]metav1.PartialObjectMetadata, error) {
	selector := fmt.Sprintf("%s=%s,%s=%s,!%s", labelBackup, backupOfRecord, labelStatus, statusDeployed, labelRemoved)
	items, err := s.listBackups(ctx, selector)
	if apierrors.IsForbidden(err) && s.backups == "" {
		s.exclude("you may not list Secrets in all namespaces, so backups were not searched")
		return nil, nil
	}
	return items, err
}

// fromBackup describes the release from its backup.
func (s *search) fromBackup(ctx context.Context, candidate Release, listed metav1.PartialObjectMetadata) error {
	b, err := s.backup(ctx, listed.Namespace, listed.Name, candidate.Ledger)
	if err != nil {
		s.exclude("%s has no record of a deployed revision, and %v", candidate, err)
		return nil
	}
	candidate.RecordMissing, candidate.Backup = true, listed.Name
	candidate.Driver, candidate.Deployment = b.original.Driver, b.original.Deployment
	if err := candidate.is(*b); err != nil {
		s.exclude("the backup %s of %s: %v", b, candidate, err)
		return nil
	}
	if candidate.Rendered() {
		return s.fromLive(ctx, candidate)
	}
	s.take(candidate)
	return nil
}
