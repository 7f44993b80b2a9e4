package verify

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

func TestNewReport(t *testing.T) {
	well, not := v1alpha1.RegionVerification{Outcome: v1alpha1.OutcomeSucceeded}, v1alpha1.RegionVerification{Outcome: v1alpha1.OutcomeFailed}
	for _, test := range []struct {
		regions []v1alpha1.RegionVerification
		want    v1alpha1.Outcome
	}{
		{[]v1alpha1.RegionVerification{well, well}, v1alpha1.OutcomeSucceeded},
		{[]v1alpha1.RegionVerification{well, not}, v1alpha1.OutcomePartlyFailed},
		{[]v1alpha1.RegionVerification{not, not}, v1alpha1.OutcomeFailed},
		{[]v1alpha1.RegionVerification{{}}, v1alpha1.OutcomeFailed}, // unknown is never OK
	} {
		if got := NewReport(v1alpha1.Primary{}, test.regions).Outcome; got != test.want {
			t.Errorf("%v: %s, want %s", test.regions, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	many := make([]time.Duration, 0, 20)
	for i := range 20 { // 1 ms to 20 ms in steps of 1 ms; below, the last step becomes 10 ms
		many = append(many, time.Duration(i+1)*time.Millisecond)
	}
	many[19] += 9 * time.Millisecond
	for _, test := range []struct {
		sent int
		took []time.Duration
		want v1alpha1.RoundTrip
	}{
		{1, []time.Duration{time.Millisecond}, v1alpha1.RoundTrip{Sent: 1, MinMicroseconds: 1000, MedianMicroseconds: 1000, P95Microseconds: 1000, MaxMicroseconds: 1000}},
		{4, []time.Duration{9000, 3000, 5000}, v1alpha1.RoundTrip{Sent: 4, Lost: 1, MinMicroseconds: 3, MedianMicroseconds: 5, P95Microseconds: 9, JitterMicroseconds: 4, MaxMicroseconds: 9}},
		{22, many, v1alpha1.RoundTrip{Sent: 22, Lost: 2, MinMicroseconds: 1000, MedianMicroseconds: 11_000, P95Microseconds: 19_000, MaxMicroseconds: 29_000, JitterMicroseconds: 28_000 / 19}},
		{3, nil, v1alpha1.RoundTrip{Sent: 3, Lost: 3}},
	} {
		if diff := cmp.Diff(&test.want, summary(test.sent, test.took)); diff != "" {
			t.Errorf("%v of %d (-want +got):\n%s", test.took, test.sent, diff)
		}
	}
}

func TestHint(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&wsnet.Error{Stage: wsnet.StageRelay}, hintRelay},
		{&wsnet.Error{Stage: wsnet.StageAgent}, hintAgent},
		{&wsnet.Error{Stage: wsnet.StagePeer}, hintPeer},
		{errors.New("anything else"), ""},
	} {
		if got := hint(test.err); got != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}
