package legacy

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// lost handles a candidate without a record of a deployed revision: somebody
// uninstalled it. If there is a backup it can be restored.
func (s *search) lost(ctx context.Context, candidate Release, why string) error {
	if err := s.list(ctx); err != nil {
		return err
	}
	for _, item := range s.backups {
		if item.Labels[labelNamespace] == candidate.Namespace && item.Labels[labelRelease] == candidate.Name {
			return s.fromBackup(ctx, candidate, item.Namespace, item.Name)
		}
	}
	s.exclude("the envproxy of %s is there, but %s, and there is no backup", candidate, why)
	return nil
}

// damaged handles a candidate whose record cannot be read. That must not pass
// as "none found": without a backup of this revision it is an error.
func (s *search) damaged(ctx context.Context, candidate Release, current revision, cause error) error {
	if err := s.list(ctx); err != nil {
		return err
	}
	for _, item := range s.backups {
		if item.Labels[labelNamespace] == candidate.Namespace && item.Labels[labelRelease] == candidate.Name && revisionOf(item) == current.number {
			s.exclude("the record %s/%s is damaged: %v; it can be restored from the backup", candidate.Namespace, current.object, cause)
			return s.fromBackup(ctx, candidate, item.Namespace, item.Name)
		}
	}
	return fmt.Errorf("the record %s/%s of Helm release %s revision %d is damaged, and there is no backup of it: %w",
		candidate.Namespace, current.object, candidate, current.number, cause)
}

// fromBackups finds releases of which nothing but a backup is left.
func (s *search) fromBackups(ctx context.Context) error {
	if err := s.list(ctx); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, item := range s.backups { // latest first
		candidate := Release{Namespace: item.Labels[labelNamespace], Name: item.Labels[labelRelease]}
		if seen[candidate.String()] {
			continue
		}
		seen[candidate.String()] = true
		b, err := getBackup(ctx, s.access, item.Namespace, item.Name)
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
		if err := s.fromBackup(ctx, candidate, item.Namespace, item.Name); err != nil {
			return err
		}
	}
	return nil
}

// list lists the backups once. Those of releases that were removed on purpose are left out.
func (s *search) list(ctx context.Context) error {
	if s.listed {
		return nil
	}
	s.listed = true
	selector := fmt.Sprintf("%s=%s,%s=%s,!%s", labelBackup, backupOfRecord, labelStatus, statusDeployed, labelRemoved)
	items, err := listBackups(ctx, s.access, s.hint.BackupNamespace, selector)
	if apierrors.IsForbidden(err) && s.hint.BackupNamespace == "" {
		s.exclude("you may not list Secrets in all namespaces, so that backups were not looked for")
		return nil
	}
	s.backups = items
	return err
}

// fromBackup describes the release as its backup has it.
func (s *search) fromBackup(ctx context.Context, candidate Release, namespace, name string) error {
	b, err := getBackup(ctx, s.access, namespace, name)
	if err != nil {
		s.exclude("%s has no record of a deployed revision, and %v", candidate, err)
		return nil
	}
	candidate.RecordMissing, candidate.Backup = true, name
	candidate.Revision, candidate.Driver, candidate.Record = b.record.Version, b.original.Driver, b.original.Name
	candidate.ChartName, candidate.ChartVersion, candidate.AccessURL = b.record.ChartName, b.record.ChartVersion, b.record.AccessURL
	if candidate.Deployment == "" {
		candidate.Deployment = b.original.Deployment
	}
	if candidate.Objects, err = manifestObjects(b.record.Manifest, candidate.Namespace); err != nil {
		s.exclude("the backup %s/%s of %s: %v", namespace, name, candidate, err)
		return nil
	}
	s.found.Releases = append(s.found.Releases, candidate)
	return nil
}
