package verify

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestComparison(t *testing.T) {
	reached := func(median int64) *v1alpha1.Connection {
		return &v1alpha1.Connection{Connected: true, RoundTrip: &v1alpha1.RoundTrip{Sent: 1, MedianMicroseconds: median}}
	}
	for name, test := range map[string]struct {
		satellite, primary *v1alpha1.Connection
		want               string
	}{
		"nearer":       {reached(20_000), reached(150_000), "the satellite is 7.5 times as near from here: 20ms through the satellite and 150ms through the primary"},
		"no better":    {reached(140_000), reached(150_000), "the satellite is no better from here: 140ms through the satellite and 150ms through the primary; you are not in the region"},
		"worse":        {reached(300_000), reached(150_000), "the satellite is no better from here"},
		"at once":      {reached(0), reached(2), "2.0 times as near"},
		"no satellite": {nil, reached(150_000), "there is no satellite to compare"},
		"not reached":  {&v1alpha1.Connection{}, reached(150_000), "not compared: pings did not come back both ways"},
		"one way":      {reached(1), &v1alpha1.Connection{Stage: "relay"}, "not compared"},
	} {
		if got := comparison(test.satellite, test.primary); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
