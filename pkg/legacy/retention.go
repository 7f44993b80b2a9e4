package legacy

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Retention says which parts of the retention are in place; the ledger in the
// journal, which is the remaining part, is for the caller to compare.
type Retention struct {
	// Backup: the record's bytes are saved in the satellite's namespace, unharmed.
	Backup bool
	// Manifest: the stored manifest keeps every object.
	Manifest bool
	// Live: every object of the release that exists is annotated.
	Live bool
	// Label and Annotation: the record has them.
	Label, Annotation bool
	// Missing describes each part that is missing.
	Missing []string
	// BackupName is the name of the Secret and BackupDigest is "sha256:<hex>" of
	// its content, if Backup.
	BackupName, BackupDigest string
}

// Complete reports whether no part is missing.
func (r Retention) Complete() bool {
	return r.Backup && r.Manifest && r.Live && r.Label && r.Annotation
}

func (r *Retention) miss(format string, args ...any) {
	r.Missing = append(r.Missing, fmt.Sprintf(format, args...))
}

// retention examines the retention of the records and of the live objects.
func (h Handle) retention(ctx context.Context, records []current, objects []live) (Retention, error) {
	r := Retention{Backup: true, Manifest: true, Label: true, Annotation: true}
	for i, c := range records {
		found, problems, err := h.findBackup(ctx, c.record)
		switch {
		case err != nil:
			return Retention{}, err
		case found == nil:
			r.Backup = false
			r.miss("%s", strings.Join(append([]string{"backup of the record of revision " + fmt.Sprint(c.record.Version)}, problems...), ": "))
		case i == 0:
			r.BackupName, r.BackupDigest = found.secret.Name, digestOf(found.secret.Data[recordKey])
		}
		if !c.isKept() {
			r.Manifest = false
			r.miss("keep policy in the stored manifest of revision %d", c.record.Version)
		}
		meta := c.holder.meta()
		if meta.Labels[LabelRetained] != "true" {
			r.Label = false
			r.miss("label %s on the record of revision %d", LabelRetained, c.record.Version)
		}
		if !hasAnnotations(meta.Annotations) {
			r.Annotation = false
			r.miss("annotations %s, -at and -by on the record of revision %d", annotationReason, c.record.Version)
		}
	}
	lacking := h.unkept(objects)
	r.Live = len(lacking) == 0
	if !r.Live {
		r.miss("annotation %s=%s on the live %s", annotationPolicy, policyKeep, strings.Join(names(lacking), ", "))
	}
	return r, nil
}

func hasAnnotations(annotations map[string]string) bool {
	return !slices.ContainsFunc(retainedAnnotations(), func(key string) bool { return annotations[key] == "" })
}

// retainedAnnotations are the annotations of a retained record.
func retainedAnnotations() []string { return []string{annotationReason, annotationBy, annotationAt} }

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

func names(objects []live) []string {
	texts := make([]string, len(objects))
	for i, l := range objects {
		texts[i] = l.ref.String()
	}
	return texts
}
