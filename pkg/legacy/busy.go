package legacy

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
)

// Busy says that a Helm operation on the release is running, or was killed, and what ends it; empty if the release may
// be changed. A release without a record is restored from its backup, whatever Helm was about to do.
func (r Release) Busy() string {
	if r.RecordMissing || !r.inOperation() {
		return ""
	}
	return fmt.Sprintf("release %s is in %s at revision %d: %s", r, r.Status, r.LatestRevision, r.ending())
}

// inOperation reports whether Helm's status of the latest revision is that of an unfinished operation.
func (r Release) inOperation() bool {
	status := release.Status(r.Status)
	return status.IsPending() || status == release.StatusUninstalling
}

// unfinished explains a status other than deployed, and what to do.
func (r Release) unfinished() string {
	return cmp.Or(r.Busy(), fmt.Sprintf("the latest revision of release %s, %d, is %s while %d is deployed; %s puts that right",
		r, r.LatestRevision, r.Status, r.Revision, r.undo()))
}

// ending says what ends an operation that nobody runs.
func (r Release) ending() string {
	return fmt.Sprintf("a Helm operation is running or was killed; if nobody runs one, %s ends it", r.undo())
}

// undo is the command that ends an abandoned operation. It returns to the deployed revision or, without one, to the
// latest. It deletes nothing: the objects may be in use whatever the record says.
func (r Release) undo() string {
	return fmt.Sprintf("%#q", shell.Helm(r.Context, "--namespace", r.Namespace, "rollback", r.Name,
		strconv.Itoa(cmp.Or(r.Revision, r.LatestRevision))))
}

// idle returns an error if a Helm operation on the release is running, or was killed: the operation could overwrite
// whatever is written now, or be misled by it.
func (r Release) idle(records []held) error {
	r.latest(records)
	if busy := r.Busy(); busy != "" {
		return errors.New(busy)
	}
	return nil
}

// latest notes the latest revision, and Helm's status of it from its label.
func (r *Release) latest(records []held) {
	latest := records[len(records)-1]
	r.Status, r.LatestRevision = latest.secret.Labels["status"], latest.record.Version
}
