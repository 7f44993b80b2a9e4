package legacy

import (
	"context"
	"fmt"
	"slices"
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

// Preview says what Remove would do, without writing.
func (h Handle) Preview(ctx context.Context) (Removal, error) {
	r, err := h.remover(ctx)
	if err != nil {
		return Removal{}, err
	}
	return r.removal, nil
}

// remover is a removal that was thought through, and not yet done.
type remover struct {
	Handle
	records []current
	goes    []live
	removal Removal
}

func (h Handle) remover(ctx context.Context) (*remover, error) {
	r := &remover{Handle: h}
	var err error
	if h.RecordMissing {
		r.records, err = h.recordsOfBackup(ctx)
	} else {
		r.records, err = h.records(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := h.idle(r.records); err != nil {
		return nil, err
	}
	objects, err := h.objectsOf(r.records)
	if err != nil {
		return nil, fmt.Errorf("the record of release %s: %w", h, err)
	}
	keeps, err := r.chartKeeps()
	if err != nil {
		return nil, err
	}
	found, err := h.look(ctx, objects)
	if err != nil {
		return nil, err
	}
	for _, l := range found {
		reason := h.keepReason(l, keeps)
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
func (h Handle) recordsOfBackup(ctx context.Context) ([]current, error) {
	b, err := h.latestBackup(ctx)
	if err != nil {
		return nil, err
	}
	manifest, err := AnnotateManifest(b.record.Manifest)
	if err != nil {
		return nil, fmt.Errorf("the backup %s: %w", b, err)
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
			own, err := manifestObjects(d.body, r.Namespace)
			if err != nil {
				return nil, err
			}
			keeps = append(keeps, own...)
		}
	}
	return keeps, nil
}

// keepReason says why an object must stay; empty if it goes.
func (r Release) keepReason(l live, chartKeeps []ObjectRef) string {
	if l.object == nil {
		return "" // it is absent
	}
	switch l.ref.Kind {
	case "ServiceAccount", "Role", "RoleBinding":
		if reason := r.usedByCoder(l.ref); reason != "" {
			return reason
		}
	case "Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition":
		return "deleting it would delete data that is not of the release"
	}
	if slices.ContainsFunc(chartKeeps, l.ref.same) {
		return "the chart marks it to be kept"
	}
	if reason := l.foreign(r); reason != "" {
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
func (r Release) usedByCoder(o ObjectRef) string {
	switch {
	case o.Name == "coder":
		return "Coder provisions workspaces with it"
	case o.Kind == "ServiceAccount" && (o.Name == "environments" || o.Name == r.Name+"-environments"):
		return "workspaces run under it"
	case o.Kind != "ServiceAccount" && (o.Name == "coder-restricted" || o.Name == "ingress-restricted"):
		return "existing workspaces need it"
	default:
		return ""
	}
}
