package legacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
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
func records(ctx context.Context, access *cluster.Access, release Release) ([]current, error) {
	if release.RecordMissing {
		return nil, fmt.Errorf("release %s has no record of a deployed revision: restore it from the backup first, with `kubectl coder-satellite rollback`: %w", release, errNoRecord)
	}
	st := storeOf(access, release)
	revisions, err := st.revisions(ctx, "name="+release.Name)
	if err != nil {
		return nil, err
	}
	now := deployed(revisions)
	switch {
	case now == nil:
		return nil, fmt.Errorf("release %s has no deployed revision any more: was it uninstalled?: %w", release, errNoRecord)
	case now.number != release.Revision:
		return nil, fmt.Errorf("release %s is at revision %d, it was at %d a moment ago: somebody upgraded it; try again", release, now.number, release.Revision)
	}
	wanted := []revision{*now}
	if latest := revisions[len(revisions)-1]; latest.number > now.number {
		wanted = append(wanted, latest)
	}
	var found []current
	for _, r := range wanted {
		c, err := st.current(ctx, r.object)
		if err != nil {
			return nil, fmt.Errorf("release %s revision %d: %w", release, r.number, err)
		}
		c.status = r.status
		found = append(found, c)
	}
	return found, nil
}

func (s store) current(ctx context.Context, object string) (current, error) {
	h, err := s.get(ctx, object)
	if err != nil {
		return current{}, err
	}
	c := current{holder: h}
	if c.record, err = DecodeRecord(h.data()); err != nil {
		return current{}, err
	}
	manifest, err := AnnotateManifest(c.record.Manifest)
	if err != nil {
		return current{}, err
	}
	c.kept, err = c.record.WithManifest(manifest)
	return c, err
}

// idle returns an error if a Helm operation on the release is going on, or was
// killed: whatever is written now could be overwritten, or mislead it.
func idle(release Release, records []current) error {
	latest := records[len(records)-1]
	release.Status, release.LatestRevision = latest.status, latest.record.Version
	if busy := release.Busy(); busy != "" {
		return errors.New(busy)
	}
	return nil
}

// Busy says that a Helm operation on the release is going on, or was killed,
// and what ends it; empty if the release may be changed. A release without a
// record is restored from its backup, whatever Helm was about to do with it.
func (r Release) Busy() string {
	if r.RecordMissing || !strings.HasPrefix(r.Status, "pending-") && r.Status != "uninstalling" {
		return ""
	}
	return unfinished(r)
}

// objectsOf returns the objects of all the records, each once.
func objectsOf(records []current, namespace string) ([]ObjectRef, error) {
	var objects []ObjectRef
	for _, c := range records {
		own, err := manifestObjects(c.record.Manifest, namespace)
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
