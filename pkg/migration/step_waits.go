package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// waits turns the step into one that waits for something until ready returns nil and changes nothing. done describes the
// state that it waits for.
func (step Step) waits(something string, ready func(*snapshot.Snapshot) error, done func(*snapshot.Snapshot) string) Step {
	step.Rights = primaryOnly
	step.Decide = func(s *snapshot.Snapshot) Decision {
		if ready(s) != nil {
			return check("wait until %s", done(s))
		}
		return already("%s", done(s))
	}
	step.Apply = func(ctx context.Context, run *Run) error {
		return run.WaitFor(ctx, "waiting for "+something, step.Reads, ready)
	}
	return step
}

// exposeSatellite waits until the access URL serves the satellite's own key, and reports missing DNS records.
func exposeSatellite() Step {
	step := Step{Name: "expose-satellite", Owner: OwnerSatellite, Reads: []snapshot.Item{snapshot.ItemSatellite, snapshot.ItemEndpoint}}
	return step.waits("the access URL", exposed, func(s *snapshot.Snapshot) string {
		return s.Region.Satellite.AccessURL + " answers with the satellite's own key"
	})
}

// exposed returns nil if the access URL serves the satellite's own key, or else what is missing and what the operator can do.
func exposed(s *snapshot.Snapshot) error {
	same, err := s.ServesOwnKey()
	if err == nil && same {
		return nil
	}
	state, known := s.Satellite.Get()
	if !known {
		return s.Satellite.Err()
	}
	endpoint := s.Endpoint.Value()
	if err == nil {
		return fmt.Errorf("it answers with another key (%s) than the satellite's own (%s): the address leads to another deployment",
			endpoint.Key.Fingerprint, state.Fingerprint)
	}
	stage, failure, host := endpoint.Reach.Stage, endpoint.Reach.Err, fleet.Host(s.Region.Satellite.AccessURL)
	switch {
	case failure == nil:
		return err
	case len(state.LoadBalancer) == 0 && state.AddressOf != "":
		return fmt.Errorf("%s has no address yet (%s: %w)", state.AddressOf, stage, failure)
	case stage == "DNS" && len(state.LoadBalancer) == 0:
		return &manualError{fmt.Errorf("create the DNS record of %s; Service coderd has no load balancer, and the chart made no Ingress "+
			"that can be read, so the record's value is unknown here: %w", host, failure)}
	case stage == "DNS":
		return &manualError{fmt.Errorf("create the DNS record %s: %w", probe.Record(host, state.LoadBalancer), failure)}
	default:
		return fmt.Errorf("%s: %w", stage, failure)
	}
}

// verifySatellite proves that the primary's API answers through the satellite.
func verifySatellite() Step {
	step := Step{Name: "verify-satellite", Owner: OwnerSatellite, Reads: []snapshot.Item{snapshot.ItemEndpoint}}
	return step.waits("the primary's API", (*snapshot.Snapshot).PathAnswers, func(*snapshot.Snapshot) string {
		return "the primary's API answers through the satellite"
	})
}

// verifyLegacyPath proves that the legacy path works again: the release is ready and envproxy answers. With force, it is
// enough that envproxy answers.
func verifyLegacyPath(force bool) Step {
	step := Step{Name: "verify-legacy-path", Owner: OwnerProvider, Reads: []snapshot.Item{snapshot.ItemLegacy}}
	answers := func(s *snapshot.Snapshot) error { return envproxyAnswers(s, force) }
	return step.waits("the legacy path", answers, func(s *snapshot.Snapshot) string {
		if s.Region.Satellite.None() {
			return throughPrimary
		}
		return "envproxy is available and answers"
	})
}

func envproxyAnswers(s *snapshot.Snapshot, force bool) error {
	state, known := s.Legacy.Get()
	switch {
	case s.Region.Satellite.None():
		return nil
	case !known:
		return s.Legacy.Err()
	case state.Release == nil:
		return errors.New(state.Found.Explain())
	case !state.Readiness.Ready && !force:
		return errors.New(strings.Join(state.Readiness.Problems, "; "))
	}
	if reach := state.Reach; state.AccessURL != "" && reach.Err != nil {
		return fmt.Errorf("%s does not answer: %s: %w", state.AccessURL, reach.Stage, reach.Err)
	}
	return nil
}
