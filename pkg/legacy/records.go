package legacy

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// held is a record, and the object that holds it.
type held struct {
	secret *corev1.Secret
	record Record
	// kept is the record as it has to be to be retained.
	kept Record
}

// decode reads the record that an object holds.
func decode(secret *corev1.Secret) (c held, err error) {
	c.secret = secret
	if c.record, err = DecodeRecord(secret.Data[recordKey]); err != nil {
		return c, err
	}
	manifest, err := AnnotateManifest(c.record.Manifest)
	if err != nil {
		return c, err
	}
	c.kept, err = c.record.WithManifest(manifest)
	return c, err
}

// isKept reports whether the stored manifest keeps every object.
func (c held) isKept() bool { return c.record.Manifest == c.kept.Manifest }

// retained returns the record as Helm stores it, with every object kept.
func (c held) retained() ([]byte, error) {
	if c.isKept() {
		return c.secret.Data[recordKey], nil
	}
	return c.kept.Encode()
}

// records reads the records that count: that of the deployed revision, which
// comes first, and that of the latest one if it is another. `helm uninstall`
// obeys the manifest of the latest, which after a failed upgrade is not the
// deployed one (Helm v3, pkg/action/uninstall.go).
func (h Handle) records(ctx context.Context) ([]held, error) {
	if h.RecordMissing {
		return nil, fmt.Errorf("release %s has no record of a deployed revision: restore it from the backup first, with `kubectl "+
			"coder-satellite rollback`: %w", h, errNoRecord)
	}
	st := h.store()
	revisions, err := st.revisions(ctx, "name="+h.Name)
	if err != nil {
		return nil, err
	}
	now := deployed(revisions)
	switch {
	case now == nil:
		return nil, fmt.Errorf("release %s has no deployed revision any more: was it uninstalled?: %w", h, errNoRecord)
	case now.number != h.Revision:
		return nil, fmt.Errorf("release %s is at revision %d, it was at %d a moment ago: somebody upgraded it; try again",
			h, now.number, h.Revision)
	}
	wanted := []revision{*now}
	if latest := revisions[len(revisions)-1]; latest.number > now.number {
		wanted = append(wanted, latest)
	}
	found := make([]held, len(wanted))
	for i, r := range wanted {
		secret, err := st.get(ctx, r.object)
		if err == nil {
			found[i], err = decode(secret)
		}
		if err != nil {
			return nil, fmt.Errorf("release %s revision %d: %w", h, r.number, err)
		}
	}
	return found, nil
}

// lookAt returns the objects of all the records, each once, as the cluster has them.
func (h Handle) lookAt(ctx context.Context, records ...held) ([]live, error) {
	var objects []declared
	for _, c := range records {
		own, err := manifestObjects(c.record.Manifest, h.Namespace)
		if err != nil {
			return nil, fmt.Errorf("the record of release %s revision %d: %w", h, c.record.Version, err)
		}
		for _, d := range own {
			if i := slices.IndexFunc(objects, func(other declared) bool { return other.same(d.ObjectRef) }); i < 0 {
				objects = append(objects, d)
			} else {
				objects[i].chartKeeps = objects[i].chartKeeps || d.chartKeeps
			}
		}
	}
	return h.look(ctx, objects)
}
