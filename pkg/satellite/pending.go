package satellite

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pending reports whether a Helm run on the release did not end.
func (r releaseRecords) pending() bool {
	status := release.Status(r.lastStatus)
	return status.IsPending() || status == release.StatusUninstalling
}

// writer is who wrote a record last, as the API server noted, and when.
type writer struct {
	name string // empty if it noted nobody
	at   time.Time
}

// lastWriter reads who wrote the record of the release's newest revision.
func (r Release) lastWriter(ctx context.Context, revision int) (writer, error) {
	name := fmt.Sprintf("sh.helm.release.v1.%s.v%d", r.name, revision) // Helm v3, pkg/storage/storage.go
	object, err := r.recordObjects().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return writer{}, fmt.Errorf("release %s was changed by somebody else a moment ago: run this again", r)
	}
	if err != nil {
		return writer{}, err
	}
	last := writer{at: object.CreationTimestamp.Time}
	for _, entry := range object.ManagedFields {
		if entry.Time != nil && !entry.Time.Time.Before(last.at) {
			last = writer{name: entry.Manager, at: entry.Time.Time}
		}
	}
	return last, nil
}

// mayClear returns nil if what is pending was begun by a run of this plugin that
// has ended, and otherwise an error that says who began it and what to type.
// Somebody else's Helm may be running. A run of this plugin took its Helm with it
// when it died, and the fence refuses what it still sends if it only slept; when
// the API server did not note who wrote the record, Helm's own time must be up.
func (r Release) mayClear(ctx context.Context, records releaseRecords, options Options) error {
	last, err := r.lastWriter(ctx, records.last)
	if err != nil {
		return err
	}
	ours := last.name != "" && last.name == r.access.FieldManager()
	timeUp := !options.Clock.Now().Before(last.at.Add(helmTimeout))
	if options.MayClearPending && (ours || last.name == "" && timeUp) {
		return nil
	}
	why := "no run of this plugin that the journal knows began it"
	switch {
	case options.MayClearPending && last.name != "":
		why = "this plugin did not write it"
	case options.MayClearPending:
		why = fmt.Sprintf("it has until %s to end", last.at.Add(helmTimeout).UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("release %s is %s at revision %d, written by %s at %s: a Helm operation is running or was killed, and %s; "+
		"the release was left as it is. Wait for it; if nobody runs one, %s",
		r, records.lastStatus, records.last, cmp.Or(last.name, "an unknown client"), last.at.UTC().Format(time.RFC3339), why, r.remedy(records))
}

// remedy is what ends an operation that nobody runs any more. It uninstalls
// nothing: the objects may be in use, whatever the record says.
func (r Release) remedy(records releaseRecords) string {
	revision := records.last
	if records.deployed != nil {
		revision = records.deployed.Version
	}
	return fmt.Sprintf("end it with `helm rollback %s %d --namespace %s`", r.name, revision, r.namespace)
}
