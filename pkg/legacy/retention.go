package legacy

import (
	"context"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// Retention says whether the retention is in place, except the journal's ledger, which the caller compares.
type Retention struct {
	// Complete is set if no part is missing: for each record that counts a sound backup in the satellite's namespace, a
	// stored manifest that keeps every object, label and annotations; and the policy on every live object.
	Complete bool
	Missing  []string
	// Control is what the GitOps controller does that owns the release. Until it is suspended, the retention is not complete.
	Control gitops.Control
}

// missingOf lists the parts of the retention that the record lacks.
func (h Handle) missingOf(ctx context.Context, c held) (missing []string, err error) {
	backup, problems, err := h.findBackup(ctx, c)
	if err != nil {
		return nil, err
	}
	kept, err := c.kept()
	if err != nil {
		return nil, err
	}
	revision := c.record.Version
	if backup == nil {
		missing = append(missing, strings.Join(append([]string{fmt.Sprintf("backup of revision %d as it is now", revision)}, problems...), ": "))
	}
	if h.Rendered() {
		return missing, nil
	}
	if kept != c.record.Manifest {
		missing = append(missing, fmt.Sprintf("keep policy in the stored manifest of revision %d", revision))
	}
	if c.secret.Labels[LabelRetained] != "true" {
		missing = append(missing, fmt.Sprintf("label %s on the record of revision %d", LabelRetained, revision))
	}
	if !isNoted(c.secret.Annotations) {
		missing = append(missing, fmt.Sprintf("annotations %s, -at and -by on the record of revision %d", annotationReason, revision))
	}
	return missing, nil
}

// unkept returns the existing objects of the release that lack the annotation.
func (r Release) unkept(objects []live) []live {
	var lacking []live
	for _, l := range objects {
		if l.object != nil && len(r.lacking(l.object.Annotations)) > 0 && l.foreign(r) == "" {
			lacking = append(lacking, l)
		}
	}
	return lacking
}

func listed[T fmt.Stringer](things []T) string {
	if len(things) == 0 {
		return "none"
	}
	names := make([]string, len(things))
	for i, thing := range things {
		names[i] = thing.String()
	}
	return strings.Join(names, ", ")
}
