package migration

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

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
