package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

// agent answers a number of pings, and then none.
type agent struct {
	answers int
	// lostAfter is the number of pings after which the connection is lost; 0 for never.
	lostAfter int
	pings     int
}

func (a *agent) Ping(ctx context.Context) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, wsnet.ErrUnsent
	}
	a.pings++
	switch {
	case a.lostAfter > 0 && a.pings > a.lostAfter:
		return 0, fmt.Errorf("%w: no sign of life", wsnet.ErrLost)
	case a.pings > a.answers:
		<-ctx.Done()
		return 0, errors.New("it did not come back")
	}
	<-time.After(10 * time.Millisecond) // on the bubble's clock
	return 10 * time.Millisecond, nil
}

func (*agent) Close() error { return nil }

func (*agent) Route() ([]string, string) { return []string{"relay"}, "relay-host" }

func TestPings(t *testing.T) {
	const never = 1 << 30
	for name, test := range map[string]struct {
		pings, maxLoss int
		satellite      agent
		time           time.Duration // for the region
		sent, lost     int
		message        string // empty if it succeeds
	}{
		"all come back":                {10, 20, agent{answers: never}, time.Minute, 10, 0, ""},
		"a fifth is lost":              {10, 20, agent{answers: 8}, time.Minute, 10, 2, ""},
		"more than a fifth is lost":    {10, 20, agent{answers: 7}, time.Minute, 10, 3, "3 of 10 pings were lost, more than 20%"},
		"none may be lost":             {10, 0, agent{answers: 9}, time.Minute, 10, 1, "1 of 10 pings were lost"},
		"all may be lost, but not all": {3, 100, agent{}, time.Minute, 3, 3, "connected, but no ping came back: it did not come back"},
		"the agent is killed":          {1000, 20, agent{answers: 40}, time.Minute, 59, 19, "19 of 59 pings were lost"},
		"the connection is lost":       {1000, 20, agent{answers: 40, lostAfter: 48}, time.Hour, 49, 9, "after 49 pings, of which 40 came back: the connection to the agent is lost"},
		"the time is over":             {1000, 20, agent{answers: never}, 995 * time.Millisecond, 50, 0, ""},
		"there was no time":            {5, 20, agent{answers: never}, 0, 0, 0, "there was no time for a ping"},
		"lost at once":                 {1000, 20, agent{answers: never, lostAfter: 1}, time.Hour, 2, 1, "the connection to the agent is lost"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.time)
				defer cancel()
				satellite := &path{result: &v1alpha1.Connection{}, patience: pingTimeout, connection: &test.satellite}
				primary := &path{result: &v1alpha1.Connection{}, patience: pingTimeout, connection: &agent{answers: never}}
				pingAll(ctx, []*path{satellite, primary}, Options{Pings: test.pings})
				satellite.end(test.maxLoss)
				primary.end(test.maxLoss)
				trip := satellite.result.RoundTrip
				if trip.Sent != test.sent || trip.Lost != test.lost {
					t.Errorf("%d sent and %d lost, not %d and %d", trip.Sent, trip.Lost, test.sent, test.lost)
				}
				if satellite.well() != (test.message == "") || !strings.Contains(satellite.result.Message, test.message) {
					t.Errorf("succeeded: %v: %q", satellite.well(), satellite.result.Message)
				}
				if pings := test.satellite.pings; pings > test.sent+1 {
					t.Errorf("%d pings after the end", pings-test.sent)
				}
			})
		})
	}
}

// Pinging stops as soon as the result is certain, and the result is the same as after all pings.
func TestPingsBriefly(t *testing.T) {
	const never = 1 << 30
	for name, test := range map[string]struct {
		answers, sent int
		well          bool
	}{
		"all come back":             {never, 16, true},
		"as many as must come back": {16, 16, true},
		"more than a fifth is lost": {15, 20, false},
		"none comes back":           {0, 5, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				users := &path{result: &v1alpha1.Connection{}, patience: time.Second, connection: &agent{answers: test.answers}}
				options := Options{Pings: 20, MaxLoss: 20, Briefly: true}
				pingAll(t.Context(), []*path{users}, options)
				users.end(options.MaxLoss)
				if users.well() != test.well || users.sent != test.sent {
					t.Errorf("succeeded: %v, after %d pings: %s", users.well(), users.sent, users.result.Message)
				}
			})
		})
	}
}

// A connection is watched for a period, with a pause between pings.
func TestPingsForATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watched := &path{result: &v1alpha1.Connection{}, patience: time.Second, connection: &agent{answers: 10}}
		began := time.Now()
		pingAll(t.Context(), []*path{watched}, Options{For: 8 * time.Second, Pings: 1})
		watched.end(50)
		// ten in 2.1 s, then one every 1.2 s
		if trip := watched.result.RoundTrip; time.Since(began) != 8*time.Second || trip.Sent != 15 || trip.Lost != 5 {
			t.Errorf("after %s: %+v", time.Since(began), trip)
		}
	})
}

// A path that was never connected sends no ping, and keeps its error.
func TestPingsWithoutConnection(t *testing.T) {
	dead := &path{patience: pingTimeout, result: &v1alpha1.Connection{Stage: "relay", Message: "no relay"}}
	alive := &path{result: &v1alpha1.Connection{}, patience: pingTimeout, connection: &agent{answers: 3}}
	pingAll(t.Context(), []*path{dead, alive}, Options{Pings: 3})
	for _, p := range []*path{dead, alive} {
		p.end(0)
	}
	if dead.well() || dead.result.RoundTrip != nil || dead.result.Message != "no relay" || !alive.well() {
		t.Errorf("%+v, %+v", dead.result, alive.result)
	}
	if !slices.Equal(alive.took, slices.Repeat([]time.Duration{10 * time.Millisecond}, 3)) {
		t.Errorf("took %v", alive.took)
	}
}
