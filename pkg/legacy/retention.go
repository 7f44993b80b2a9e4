package legacy

import (
	"context"
	"fmt"
	"strings"
)

// Retention says whether the retention is in place; the ledger in the journal,
// which is a part of it, is for the caller to compare.
type Retention struct {
	// Complete is set if no part is missing: of each record that counts an
	// unharmed backup in the satellite's namespace, the stored manifest that keeps
	// every object, label and annotations; and the policy on every live object.
	Complete bool
	// Missing describes each part that is missing.
	Missing []string
}

// missingOf describes the parts of the retention that the record lacks.
func (h Handle) missingOf(ctx context.Context, c held) (missing []string, err error) {
	backup, problems, err := h.findBackup(ctx, c)
	if err != nil {
		return nil, err
	}
	isKept, err := c.isKept()
	if err != nil {
		return nil, err
	}
	revision := c.record.Version
	if backup == nil {
		missing = append(missing, strings.Join(append([]string{fmt.Sprint("backup of the record of revision ", revision)}, problems...), ": "))
	}
	if !isKept {
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

// missingOn describes the parts that the live objects lack.
func (r Release) missingOn(objects []live) []string {
	lacking := r.unkept(objects)
	if len(lacking) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("annotation %s=%s on the live %s", annotationPolicy, policyKeep, listed(lacking))}
}

// unkept returns the objects of the release that exist and are not annotated.
func (r Release) unkept(objects []live) []live {
	var lacking []live
	for _, l := range objects {
		if l.object != nil && !l.kept() && l.foreign(r) == "" {
			lacking = append(lacking, l)
		}
	}
	return lacking
}

// listed names objects, or releases.
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
