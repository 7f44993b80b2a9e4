package legacy

import (
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

func (r *Retention) miss(format string, args ...any) {
	r.Missing = append(r.Missing, fmt.Sprintf(format, args...))
}

// sought is what findBackup has found of a record.
type sought struct {
	backup   *backup
	problems []string
	err      error
}

// retention examines the retention of the records and of the live objects, from what
// was found of the records' backups.
func (h Handle) retention(records []held, saved []sought, objects []live) (r Retention, err error) {
	for i, c := range records {
		revision := c.record.Version
		if err := saved[i].err; err != nil {
			return Retention{}, err
		}
		if saved[i].backup == nil {
			r.miss("%s", strings.Join(append([]string{fmt.Sprint("backup of the record of revision ", revision)}, saved[i].problems...), ": "))
		}
		if is, err := c.isKept(); err != nil {
			return Retention{}, err
		} else if !is {
			r.miss("keep policy in the stored manifest of revision %d", revision)
		}
		if c.secret.Labels[LabelRetained] != "true" {
			r.miss("label %s on the record of revision %d", LabelRetained, revision)
		}
		if !isNoted(c.secret.Annotations) {
			r.miss("annotations %s, -at and -by on the record of revision %d", annotationReason, revision)
		}
	}
	if lacking := h.unkept(objects); len(lacking) > 0 {
		r.miss("annotation %s=%s on the live %s", annotationPolicy, policyKeep, listed(lacking))
	}
	r.Complete = len(r.Missing) == 0
	return r, nil
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
