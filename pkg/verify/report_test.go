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
		{[]v1alpha1.RegionVerification{{}}, v1alpha1.OutcomeFailed}, // an unknown is never ok
	} {
		if got := NewReport(v1alpha1.Primary{}, test.regions).Outcome; got != test.want {
			t.Errorf("%v: %s, want %s", test.regions, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	for _, test := range []struct {
		sent int
		took []time.Duration
		want v1alpha1.RoundTrip
	}{
		{1, []time.Duration{time.Millisecond}, v1alpha1.RoundTrip{Sent: 1, MinMicroseconds: 1000, MedianMicroseconds: 1000, MaxMicroseconds: 1000}},
		{4, []time.Duration{9000, 3000, 5000}, v1alpha1.RoundTrip{Sent: 4, Lost: 1, MinMicroseconds: 3, MedianMicroseconds: 5, MaxMicroseconds: 9}},
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
