package legacy

import (
	"context"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Removal says what becomes of each object of a release that is removed.
type Removal struct {
	// Goes are the objects that are deleted.
	Goes []ObjectRef
	// Stays are the objects that are kept.
	Stays []Kept
	// Absent are the objects that do not exist (any more).
	Absent []ObjectRef
}

// Kept is an object that stays, and why.
type Kept struct {
	Object ObjectRef
	Reason string
}

// Preview tells what Remove would do, without writing. The namespace is the
// satellite's, where the backup is of a release without a record.
func Preview(ctx context.Context, access *cluster.Access, release Release, namespace string) (Removal, error) {
	r, err := newRemover(ctx, access, release, namespace)
	if err != nil {
		return Removal{}, err
	}
	return r.removal, nil
}

// remover is a removal that was thought through, and not yet done.
type remover struct {
	access  *cluster.Access
	release Release
	records []current
	goes    []live
	removal Removal
}

func newRemover(ctx context.Context, access *cluster.Access, release Release, namespace string) (*remover, error) {
	r := &remover{access: access, release: release}
	var err error
	if release.RecordMissing {
		r.records, err = recordsOfBackup(ctx, access, release, namespace)
	} else {
		r.records, err = records(ctx, access, release)
	}
	if err != nil {
		return nil, err
	}
	if err := idle(release, r.records); err != nil {
		return nil, err
	}
	objects, err := objectsOf(r.records, release.Namespace)
	if err != nil {
		return nil, fmt.Errorf("the record of release %s: %w", release, err)
	}
	keeps, err := r.chartKeeps()
	if err != nil {
		return nil, err
	}
	found, err := look(ctx, access, objects)
	if err != nil {
		return nil, err
	}
	for _, l := range found {
		reason := keepReason(release, l, keeps)
		switch {
		case l.object == nil:
			r.removal.Absent = append(r.removal.Absent, l.ref)
		case reason != "":
			r.removal.Stays = append(r.removal.Stays, Kept{Object: l.ref, Reason: reason})
		default:
			r.goes = append(r.goes, l)
			r.removal.Goes = append(r.removal.Goes, l.ref)
		}
	}
	return r, nil
}

// recordsOfBackup stands in for the records of a release that somebody
// uninstalled after it was retained, and that is to go for good now.
func recordsOfBackup(ctx context.Context, access *cluster.Access, release Release, namespace string) ([]current, error) {
	b, err := latestBackup(ctx, access, namespace, release)
	if err != nil {
		return nil, err
	}
	manifest, err := AnnotateManifest(b.record.Manifest)
	if err != nil {
		return nil, fmt.Errorf("the backup %s/%s: %w", namespace, b.secret.Name, err)
	}
	kept, err := b.record.WithManifest(manifest)
	return []current{{holder: holder{secret: b.secret}, record: b.record, kept: kept}}, err
}

// chartKeeps returns the objects that the chart itself marks to be kept.
func (r *remover) chartKeeps() ([]ObjectRef, error) {
	var keeps []ObjectRef
	for _, c := range r.records {
		for _, d := range splitManifest(c.record.Manifest) {
			h, err := d.head()
			if err != nil {
				return nil, err
			}
			if h == nil || !h.kept() || d.marked() {
				continue
			}
			own, err := manifestObjects(d.body, r.release.Namespace)
			if err != nil {
				return nil, err
			}
			keeps = append(keeps, own...)
		}
	}
	return keeps, nil
}

// keepReason says why an object must stay; empty if it goes.
func keepReason(release Release, l live, chartKeeps []ObjectRef) string {
	if l.object == nil {
		return "" // it is absent
	}
	switch l.ref.Kind {
	case "ServiceAccount", "Role", "RoleBinding":
		if reason := usedByCoder(release, l.ref); reason != "" {
			return reason
		}
	case "Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition":
		return "deleting it would delete data that is not of the release"
	}
	if slices.ContainsFunc(chartKeeps, l.ref.same) {
		return "the chart marks it to be kept"
	}
	if reason := l.foreign(release); reason != "" {
		return reason
	}
	if l.object.Annotations[annotationRelease] == "" {
		return "it does not say that it belongs to the release"
	}
	return ""
}

// usedByCoder says what Coder needs an object for after the release is gone. It
// is what Coder's own chart keeps from 1.21.4 on, so that existing workspaces
// have no downtime.
func usedByCoder(release Release, o ObjectRef) string {
	switch {
	case o.Name == "coder":
		return "Coder provisions workspaces with it"
	case o.Kind == "ServiceAccount" && (o.Name == "environments" || o.Name == release.Name+"-environments"):
		return "workspaces run under it"
	case o.Kind != "ServiceAccount" && (o.Name == "coder-restricted" || o.Name == "ingress-restricted"):
		return "existing workspaces need it"
	default:
		return ""
	}
}
