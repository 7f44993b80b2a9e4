package verify

import (
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// comparison says how the satellite compares with the primary, by the median round trip.
func comparison(satellite, primary *v1alpha1.Connection) string {
	switch {
	case satellite == nil:
		return "there is no satellite to compare"
	case primary == nil || !satellite.Connected || !primary.Connected:
		return "not compared: pings did not come back both ways"
	}
	near, far := satellite.RoundTrip.MedianMicroseconds, primary.RoundTrip.MedianMicroseconds
	ratio := float64(far) / float64(max(near, 1))
	text := fmt.Sprintf("%s through the satellite and %s through the primary", time.Duration(near)*time.Microsecond, time.Duration(far)*time.Microsecond)
	if ratio < v1alpha1.MuchNearer {
		return "the satellite is no better from here: " + text + "; you are not in the region, or the satellite is not near it"
	}
	return fmt.Sprintf("the satellite is %.1f times as near from here: %s", ratio, text)
}
