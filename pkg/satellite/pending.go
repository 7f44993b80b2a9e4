package satellite

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// Pending is an unfinished Helm operation on a release: it is running, or its Helm was killed.
type Pending struct {
	Context, Namespace, Release string
	// Revision and Status are the newest record's, for example "pending-upgrade".
	Revision int
	Status   string
	// BackTo is the revision that `helm rollback` returns to: the deployed one, else the newest.
	BackTo int
	// Writer is the client that last wrote the record; empty if the API server noted none. Ours is set if it is this plugin.
	Writer string
	Ours   bool
	At     time.Time // when the record was written last
}

// operation returns the unfinished Helm operation that the records show; nil if none.
func (r releaseRecords) operation() *Pending {
	if status := release.Status(r.lastStatus); !status.IsPending() && status != release.StatusUninstalling {
		return nil
	}
	p := &Pending{Revision: r.last, Status: r.lastStatus, BackTo: r.last}
	if r.deployed != nil {
		p.BackTo = r.deployed.Version
	}
	return p
}

// readWriter reads who wrote the record last, in one request for metadata.
func (r Release) readWriter(ctx context.Context, p *Pending) error {
	p.Context, p.Namespace, p.Release = r.access.Context, r.namespace, r.name
	record := fmt.Sprintf("sh.helm.release.v1.%s.v%d", r.name, p.Revision) // Helm v3, pkg/storage/storage.go
	object, err := r.recordObjects().Get(ctx, record, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("release %s was changed by somebody else a moment ago: run this again", r)
	}
	if err != nil {
		return err
	}
	p.At = object.CreationTimestamp.Time
	for _, entry := range object.ManagedFields {
		if entry.Time != nil && !entry.Time.Time.Before(p.At) {
			p.Writer, p.At = entry.Manager, entry.Time.Time
		}
	}
	p.Ours = p.Writer != "" && p.Writer == r.access.FieldManager()
	return nil
}

// Refusal returns nil if an ended run of this plugin began the pending operation, which may then be cleared, and
// otherwise an error that says who began it. earlierRun is set if the journal knows of such a run. Another client's Helm
// may still be running. A run of this plugin took its Helm with it when it died, and the fence refuses what it sends if
// it only slept. When the API server did not note who wrote the record, Helm's own time must be up.
func (p *Pending) Refusal(earlierRun bool, now time.Time) error {
	timeUp := !now.Before(p.At.Add(helmTimeout))
	if earlierRun && (p.Ours || p.Writer == "" && timeUp) {
		return nil
	}
	why := "no run of this plugin that the journal knows began it"
	switch {
	case earlierRun && p.Writer != "":
		why = "this plugin did not write it"
	case earlierRun:
		why = fmt.Sprintf("it has until %s to end", p.At.Add(helmTimeout).UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("release %s/%s is %s at revision %d, written by %s at %s: a Helm operation is running or was killed, and %s",
		p.Namespace, p.Release, p.Status, p.Revision, cmp.Or(p.Writer, "an unknown client"), p.At.UTC().Format(time.RFC3339), why)
}

// Remedy says what ends an abandoned operation. It uninstalls nothing: the objects may be in use, whatever the record says.
func (p *Pending) Remedy() string {
	return fmt.Sprintf("Wait for it; if nobody runs one, end it with %#q",
		shell.Helm(p.Context, "--namespace", p.Namespace, "rollback", p.Release, strconv.Itoa(p.BackTo)))
}
