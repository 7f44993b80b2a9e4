package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// TestLongUnreachableCanary: if a region's satellite answers but connections through it would be
// bad or impossible, the switch is undone, and the report says why.
func TestLongUnreachableCanary(t *testing.T) {
	const region = "sydney"
	canary, err := lab.Workspace("canary-" + region)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		// set starts or ends the disturbance.
		set  func(on bool) error
		says []string
	}{
		{
			"its relay loses packets", func(on bool) error {
				loss := 0
				if on {
					loss = 30
				}
				return lab.SetNetwork(region, 0, loss)
			}, nil, // it can hardly connect, or loses pings
		},
		{
			"its TURN server refuses", func(on bool) error {
				if on {
					return lab.AddFault(codertest.Fault{Path: turnPath, Status: http.StatusForbidden})
				}
				return lab.ClearFaults()
			}, []string{"relay: the TURN server cannot be reached", "403", "WebSockets to /api/private/turn must pass"},
		},
		{
			"the canary's agent is old", func(on bool) error { return lab.SetOldAgent(canary.ID, on) },
			[]string{"broker: the broker does not lead to the workspace's agent", "runs no agent for it"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer resetRegion(t, region)
			if err := test.set(true); err != nil {
				t.Fatal(err)
			}
			ended := false
			end := func() {
				if err := test.set(false); err != nil && !ended {
					t.Error(err)
				}
				ended = true
			}
			defer end()
			done := plugin(t, 1, on(region, "migrate", "--yes")...)
			saysAll(t, "migrate", done.Stdout, append(test.says, "failed verify-connectivity: ", "undone enable-networking-v2"))
			networking(t, region, false)
			end()
			plugin(t, 0, on(region, "migrate", "--yes")...) // the suggested command fixes it
			networking(t, region, true)
			if text := done.Stdout; test.says == nil && !strings.Contains(text, "pings were lost") && !strings.Contains(text, "no ping came back") && !strings.Contains(text, "peer: ") {
				t.Errorf("it does not say that packets are lost: %s", text)
			}
		})
	}
}

// TestVerifyDistances: round trips are measured on the reported path, and a direct connection is
// made if the deployment offers it.
func TestVerifyDistances(t *testing.T) {
	const region = "sydney"
	t.Cleanup(func() { resetRegion(t, region) })
	plugin(t, 0, on(region, "migrate", "--yes")...)
	t.Cleanup(func() {
		for _, err := range []error{lab.SetNetwork("primary", 0, 0), lab.SetNetwork(region, 0, 0), lab.OfferDirect(false)} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	const far, near = 150 * time.Millisecond, 20 * time.Millisecond
	for _, err := range []error{lab.SetNetwork("primary", far, 0), lab.SetNetwork(region, near, 0), lab.OfferDirect(true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := document[v1alpha1.VerifyReport](t, 0, on(region, "verify", "--duration", "4s")...).Regions[0]
	for name, way := range map[string]struct {
		*v1alpha1.Connection
		least time.Duration
	}{"satellite": {got.Satellite, near}, "primary": {got.Primary, far}, "direct": {got.Direct, 0}} {
		if way.Connection == nil || !way.Connected || way.RoundTrip.Sent < 5 || way.RoundTrip.Lost > 0 {
			t.Fatalf("%s: %+v", name, way.Connection)
		}
		if trip := way.RoundTrip; trip.MinMicroseconds < way.least.Microseconds() || trip.P95Microseconds < trip.MedianMicroseconds {
			t.Errorf("%s: %+v", name, trip)
		}
	}
	if ratio := float64(got.Primary.RoundTrip.MinMicroseconds) / float64(got.Satellite.RoundTrip.MinMicroseconds); ratio < 6.75 || ratio > 8.25 {
		t.Errorf("the primary is %.2f times as far as the satellite, and not 7.5", ratio)
	}
	if strings.Contains(got.Direct.Chosen, "relay") || !strings.HasPrefix(got.Satellite.Chosen, "relay-") {
		t.Errorf("direct by %q, through the satellite by %q", got.Direct.Chosen, got.Satellite.Chosen)
	}
}
