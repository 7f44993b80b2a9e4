package v1alpha1_test

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestCheckResult(t *testing.T) {
	for _, test := range []struct {
		state           v1alpha1.CheckState
		severity        v1alpha1.Severity
		failed, notable bool
	}{
		{v1alpha1.CheckFail, v1alpha1.SeverityError, true, true},
		{v1alpha1.CheckFail, v1alpha1.SeverityWarning, true, true}, // Evaluate never returns this combination
		{v1alpha1.CheckUnknown, v1alpha1.SeverityError, true, true},
		{v1alpha1.CheckUnknown, v1alpha1.SeverityWarning, false, true},
		{v1alpha1.CheckWarn, v1alpha1.SeverityError, false, true},
		{v1alpha1.CheckWarn, v1alpha1.SeverityWarning, false, true},
		{v1alpha1.CheckSkipped, v1alpha1.SeverityError, false, false},
		{v1alpha1.CheckSkipped, v1alpha1.SeverityWarning, false, false},
		{v1alpha1.CheckPass, v1alpha1.SeverityError, false, false},
		{v1alpha1.CheckPass, v1alpha1.SeverityWarning, false, false},
		{"", v1alpha1.SeverityError, false, true}, // a missing state is not a pass
	} {
		result := v1alpha1.CheckResult{State: test.state, Severity: test.severity}
		if got := result.Failed(); got != test.failed {
			t.Errorf("%s of %s: failed %t", test.state, test.severity, got)
		}
		if got := result.Notable(); got != test.notable {
			t.Errorf("%s of %s: notable %t", test.state, test.severity, got)
		}
	}
}
