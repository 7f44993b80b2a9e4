package legacy

import (
	"context"
	"fmt"
	"slices"
)

// current is a record as it is stored now.
type current struct {
	holder holder
	record Record
	// kept is the record as it has to be to be retained.
	kept Record
	// status is Helm's, as the label says.
	status string
}

// isKept reports whether the stored manifest keeps every object.
func (c current) isKept() bool { return c.record.Manifest == c.kept.Manifest }

// records reads the records that count: that of the deployed revision, which
// comes first, and that of the latest one if it is another. `helm uninstall`
// obeys the manifest of the latest, which after a failed upgrade is not the
// deployed one (Helm v3, pkg/action/uninstall.go).
func (h Handle) records(ctx context.Context) ([]current, error) {
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
	var found []current
	for _, r := range wanted {
		c, err := st.current(ctx, r.object)
		if err != nil {
			return nil, fmt.Errorf("release %s revision %d: %w", h, r.number, err)
		}
		c.status = r.status
		found = append(found, c)
	}
	return found, nil
}

func (s store) current(ctx context.Context, object string) (current, error) {
	held, err := s.get(ctx, object)
	if err != nil {
		return current{}, err
	}
	c := current{holder: held}
	if c.record, err = DecodeRecord(held.data()); err != nil {
		return current{}, err
	}
	manifest, err := AnnotateManifest(c.record.Manifest)
	if err != nil {
		return current{}, err
	}
	c.kept, err = c.record.WithManifest(manifest)
	return c, err
}

// objectsOf returns the objects of all the records, each once.
func (r Release) objectsOf(records []current) ([]ObjectRef, error) {
	var objects []ObjectRef
	for _, c := range records {
		own, err := manifestObjects(c.record.Manifest, r.Namespace)
		if err != nil {
			return nil, err
		}
		for _, ref := range own {
			if !slices.ContainsFunc(objects, ref.same) {
				objects = append(objects, ref)
			}
		}
	}
	return objects, nil
}

// same reports whether both name one object, in whatever version of its API.
func (o ObjectRef) same(other ObjectRef) bool {
	return o.Kind == other.Kind && o.Namespace == other.Namespace && o.Name == other.Name
}
