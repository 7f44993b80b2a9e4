package legacy

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// held is a record and the object that holds it, or its backup.
type held struct {
	secret   *corev1.Secret
	record   Record
	original original // of a backup
	// documents returns those of the manifest, parsed once.
	documents func() ([]document, error)
	// kept returns the manifest that keeps every object. It is computed on demand: nothing else here takes as long.
	kept func() (string, error)
}

// String returns "namespace/name".
func (c held) String() string { return c.secret.Namespace + "/" + c.secret.Name }

// decode reads the record in an object. With an error, only the object is set.
func decode(secret *corev1.Secret) (c held, err error) {
	c.secret = secret
	if c.record, err = DecodeRecord(secret.Data[recordKey]); err != nil {
		return c, err
	}
	c.documents = sync.OnceValues(func() ([]document, error) { return parseManifest(c.record.Manifest) })
	c.kept = sync.OnceValues(func() (string, error) {
		documents, err := c.documents()
		if err != nil {
			return "", err
		}
		return annotated(documents)
	})
	return c, nil
}

// retained returns the record as Helm stores it, with every object kept.
func (c held) retained() ([]byte, error) {
	kept, err := c.kept()
	if err != nil || kept == c.record.Manifest {
		return c.secret.Data[recordKey], err
	}
	return c.record.EncodeWith(kept)
}

// records reads the records that count: first that of the deployed revision, then that of the latest if it is another.
// `helm uninstall` obeys the manifest of the latest, which after a failed upgrade is not the deployed one (Helm v3,
// pkg/action/uninstall.go).
func (h Handle) records(ctx context.Context) ([]held, error) {
	if h.RecordMissing {
		return nil, fmt.Errorf("release %s has no record of a deployed revision: restore it from the backup first, with `kubectl "+
			"coder-satellite rollback`: %w", h, errNoRecord)
	}
	if h.Rendered() {
		c, err := h.rendered(ctx)
		return []held{c}, err
	}
	revisions, err := h.revisions(ctx, h.Driver, h.Namespace, h.Name)
	if err != nil {
		return nil, err
	}
	now := deployed(revisions)
	switch {
	case now == nil:
		return nil, fmt.Errorf("release %s has no deployed revision any more: was it uninstalled?: %w", h, errNoRecord)
	case now.number != h.Revision:
		return nil, fmt.Errorf("release %s is at revision %d, it was at %d a moment ago: somebody upgraded it; try again", h, now.number, h.Revision)
	}
	wanted := []revision{*now}
	if latest := revisions[len(revisions)-1]; latest.number > now.number {
		wanted = append(wanted, latest)
	}
	found := make([]held, len(wanted))
	for i, r := range wanted {
		if found[i], err = h.held(ctx, r.object); err == nil {
			_, err = found[i].kept()
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
		own, err := c.objects(h.Namespace)
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
