package legacy

import (
	"cmp"
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lost handles a candidate without a record of a deployed revision: somebody
// uninstalled it. If there is a backup it can be restored.
func (s *search) lost(ctx context.Context, candidate Release, why string) error {
	if err := s.listOnce(ctx); err != nil {
		return err
	}
	for _, item := range s.saved {
		if mayRestore(candidate, item) {
			return s.fromBackup(ctx, candidate, item)
		}
	}
	there := "the envproxy of " + candidate.String()
	switch {
	case len(s.deployments[candidate.String()]) > 0:
	case candidate.Status != "":
		there = "the release " + candidate.String()
	default:
		return nil // nothing is left of what the ledger lists
	}
	s.found.Unusable = s.found.Unusable || candidate.Ledger != nil || candidate.Namespace == s.hint.Namespace
	if !candidate.inOperation() {
		s.exclude("%s is there, but %s, and there is no backup", there, why)
		return nil
	}
	s.exclude("%s is there, but %s, and there is no backup: a Helm operation is running or was killed; if nobody runs one, %s ends it",
		there, why, candidate.undo())
	s.found.Remedy = cmp.Or(s.found.Remedy, "wait for the Helm operation to end; if nobody runs one, end it with "+candidate.undo())
	return nil
}

// mayRestore reports whether the candidate can be restored from a backup: the
// one that its ledger names, or the latest.
func mayRestore(candidate Release, item metav1.PartialObjectMetadata) bool {
	return item.Labels[labelNamespace] == candidate.Namespace && item.Labels[labelRelease] == candidate.Name &&
		(candidate.Ledger == nil || candidate.Ledger.Backup == "" || candidate.Ledger.Backup == item.Name)
}

// damaged handles a candidate whose record cannot be read. That must not pass
// as "none found": without a backup of this revision it is an error.
func (s *search) damaged(ctx context.Context, candidate Release, current revision, cause error) error {
	if err := s.listOnce(ctx); err != nil {
		return err
	}
	for _, item := range s.saved {
		if mayRestore(candidate, item) && revisionOf(item) == current.number {
			s.exclude("the record %s/%s is damaged: %v; it can be restored from the backup", candidate.Namespace, current.object, cause)
			return s.fromBackup(ctx, candidate, item)
		}
	}
	return fmt.Errorf("the record %s/%s of Helm release %s revision %d is damaged, and there is no backup of it: %w",
		candidate.Namespace, current.object, candidate, current.number, cause)
}

// fromBackups finds releases of which nothing but a backup is left. With a
// ledger there is none but the one that it lists, which was looked for.
func (s *search) fromBackups(ctx context.Context) error {
	if s.hint.Ledger != nil {
		return nil
	}
	if err := s.listOnce(ctx); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, item := range s.saved { // latest first
		candidate := Release{Context: s.access.Context, Namespace: item.Labels[labelNamespace], Name: item.Labels[labelRelease]}
		if seen[candidate.String()] {
			continue
		}
		seen[candidate.String()] = true
		b, err := s.getBackup(ctx, item, nil)
		if err != nil {
			s.exclude("%v", err)
			continue
		}
		// The envproxy may be gone while the record is there.
		revisions, err := s.revisions(ctx, b.original.Driver, []Release{candidate})
		if err != nil {
			return err
		}
		if own := revisions[candidate.String()]; deployed(own) != nil {
			candidate.Driver = b.original.Driver
			if err := s.one(ctx, candidate, own); err != nil {
				return err
			}
			continue
		}
		if err := s.fromBackup(ctx, candidate, item); err != nil {
			return err
		}
	}
	return nil
}

// listOnce lists the backups once. Those of releases that were removed on purpose are left out.
func (s *search) listOnce(ctx context.Context) error {
	if s.listed {
		return nil
	}
	s.listed = true
	selector := fmt.Sprintf("%s=%s,%s=%s,!%s", labelBackup, backupOfRecord, labelStatus, statusDeployed, labelRemoved)
	items, err := s.listBackups(ctx, selector)
	if apierrors.IsForbidden(err) && s.backups == "" {
		s.exclude("you may not list Secrets in all namespaces, so that backups were not looked for")
		return nil
	}
	s.saved = items
	return err
}

// fromBackup describes the release as its backup has it.
func (s *search) fromBackup(ctx context.Context, candidate Release, listed metav1.PartialObjectMetadata) error {
	b, err := s.getBackup(ctx, listed, candidate.Ledger)
	if err != nil {
		s.exclude("%s has no record of a deployed revision, and %v", candidate, err)
		return nil
	}
	candidate.RecordMissing, candidate.Backup = true, listed.Name
	candidate.Revision, candidate.Driver, candidate.Record = b.record.Version, b.original.Driver, b.original.Name
	candidate.ChartName, candidate.ChartVersion, candidate.AccessURL = b.record.ChartName, b.record.ChartVersion, b.record.AccessURL
	if candidate.Objects, err = manifestObjects(b.record.Manifest, candidate.Namespace); err != nil {
		s.exclude("the backup %s of %s: %v", b, candidate, err)
		return nil
	}
	candidate.Deployment = cmp.Or(s.envproxyOf(candidate), b.original.Deployment)
	s.found.Releases = append(s.found.Releases, candidate)
	return nil
}
