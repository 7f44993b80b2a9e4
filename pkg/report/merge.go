package report

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Merge makes one run and one status of those of several machines. Of a region in several, the latest document counts in
// which something was done. outcome joins the regions'.
func (r *Report) Merge(outcome func([]v1alpha1.RegionReport) v1alpha1.Outcome) error {
	runs, looks, wholes := map[string]v1alpha1.RegionReport{}, map[string]v1alpha1.RegionStatus{}, map[string]bool{}
	slices.SortStableFunc(r.runs, func(a, b *v1alpha1.MigrationReport) int { return a.Finished.Compare(b.Finished.Time) })
	for _, run := range r.runs {
		if r.Done != nil && r.Done.Started.Before(&run.Started) {
			run.Started = r.Done.Started
		}
		r.Done, wholes[run.Operation+run.Primary.URL] = run, true
		for _, region := range run.Regions {
			earlier, known := runs[region.Name]
			switch {
			case known && region.Outcome == v1alpha1.OutcomeNotStarted:
			case region.Outcome == v1alpha1.OutcomeNothingToDo && earlier.Outcome == v1alpha1.OutcomeSucceeded: // which says what was done
			default:
				runs[region.Name] = region
			}
		}
	}
	slices.SortStableFunc(r.looks, func(a, b *v1alpha1.StatusReport) int { return a.Taken.Compare(b.Taken.Time) })
	for _, look := range r.looks {
		r.Status, wholes["status"+look.Primary.URL] = look, true
		for _, region := range look.Regions {
			looks[region.Name] = region
		}
	}
	switch {
	case r.Done == nil && r.Status == nil:
		return errors.New("they hold no MigrationReport and no StatusReport, as -o json prints them")
	case len(wholes) > min(len(r.runs), 1)+min(len(r.looks), 1), r.Done != nil && r.Status != nil && r.Done.Primary.URL != r.Status.Primary.URL:
		return errors.New("their documents are of several operations, or of several primaries")
	}
	if r.Done != nil {
		r.Done.Regions = slices.SortedFunc(maps.Values(runs), func(a, b v1alpha1.RegionReport) int { return cmp.Compare(a.Name, b.Name) })
		r.Done.Outcome = outcome(r.Done.Regions)
	}
	if r.Status != nil {
		r.Status.Outcome = v1alpha1.OutcomeSucceeded
		r.Status.Regions = slices.SortedFunc(maps.Values(looks), func(a, b v1alpha1.RegionStatus) int { return cmp.Compare(a.Name, b.Name) })
		if slices.ContainsFunc(r.Status.Regions, func(region v1alpha1.RegionStatus) bool { return region.Outcome == v1alpha1.OutcomeFailed }) {
			r.Status.Outcome = v1alpha1.OutcomeFailed
		}
	}
	return nil
}

// inLog returns what is JSON in a log, which also has lines for people.
func inLog(log []byte) []byte {
	var kept bytes.Buffer
	inside := false
	for line := range bytes.Lines(log) {
		text := strings.TrimRight(string(line), "\r\n")
		if inside = inside || text == "{"; inside || strings.HasPrefix(text, `{"`) {
			kept.Write(line)
		}
		inside = inside && text != "}"
	}
	return kept.Bytes()
}
