package v1alpha1

// Failed reports whether the result stops an operation and makes its region fail: the check failed, or its answer is
// unknown although it matters. This is the one place that says that an unknown is never ok.
func (r CheckResult) Failed() bool {
	return r.State == CheckFail || r.State == CheckUnknown && r.Severity == SeverityError
}

// Notable reports whether a reader has to know of the result: it neither passed nor was skipped.
func (r CheckResult) Notable() bool {
	return r.State != CheckPass && r.State != CheckSkipped
}

// Notable returns the results that a reader has to know of, in their order.
func Notable(results []CheckResult) []CheckResult {
	var notable []CheckResult
	for _, r := range results {
		if r.Notable() {
			notable = append(notable, r)
		}
	}
	return notable
}
