package verify

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Options are how to verify a provider.
type Options struct {
	// Workspace is a workspace's name or ID; empty means the provider's canary.
	Workspace string
	// Pings are sent through each connection, one after the other; at least 1.
	Pings int
	// MaxLoss is how many of them may be lost, in percent.
	MaxLoss int
}

// Provider connects to a workspace of the provider, through its region's satellite
// and through the primary at once, and pings it through both in turns. In a region
// without a satellite it connects through the primary alone.
func Provider(ctx context.Context, source *snapshot.Source, options Options) v1alpha1.RegionVerification {
	s := source.Collect(ctx, snapshot.ItemProvider, snapshot.ItemRegistrations, snapshot.ItemEndpoint, snapshot.ItemSatellite)
	provider := s.Provider.Value()
	v := v1alpha1.RegionVerification{
		Name: s.Region.Name, Outcome: v1alpha1.OutcomeFailed,
		Provider: v1alpha1.Provider{ID: provider.ID, Name: provider.Name},
	}
	workspace, err := choose(ctx, source, s, options.Workspace)
	if err != nil {
		v.Message = err.Error()
		return v
	}
	v.Workspace = workspace.Name
	v.Primary = &v1alpha1.Connection{URL: source.Primary.URL()}
	through := []*path{{client: source.Primary, result: v.Primary}}
	if !s.Region.Satellite.None() {
		satellite, err := satellites(source, s)
		if err != nil {
			v.Message, v.Primary = err.Error(), nil
			return v
		}
		defer satellite.CloseIdle()
		v.Satellite = &v1alpha1.Connection{URL: satellite.URL()}
		through = slices.Insert(through, 0, &path{client: satellite, result: v.Satellite}) // the one that counts
	}
	var group sync.WaitGroup
	for _, p := range through {
		group.Go(func() { p.connect(ctx, workspace.ID) })
	}
	group.Wait()
	pingAll(ctx, through, options.Pings)
	for _, p := range through {
		p.end(options.MaxLoss)
	}
	if through[0].well() {
		v.Outcome = v1alpha1.OutcomeSucceeded
	}
	return v
}

// satellites returns a client that goes through the region's satellite, if that may have the token.
func satellites(source *snapshot.Source, s *snapshot.Snapshot) (*coder.Client, error) {
	if err := trusted(s); err != nil {
		return nil, err
	}
	return source.Primary.At(s.Region.Satellite.AccessURL, s.Region.Satellite.ConnectTo)
}

// pingAll pings through all paths in turns, until the time is over, or the first
// connection, which the others are compared with, is lost.
func pingAll(ctx context.Context, through []*path, pings int) {
	for range pings {
		if through[0].lost != nil || ctx.Err() != nil {
			return
		}
		for _, p := range through {
			p.ping(ctx)
		}
	}
}

// choose finds the workspace to connect to.
func choose(ctx context.Context, source *snapshot.Source, s *snapshot.Snapshot, wish string) (coder.Workspace, error) {
	provider, known := s.Provider.Get()
	if !known {
		return coder.Workspace{}, fmt.Errorf("the workspace provider is not known: %w", s.Provider.Err())
	}
	me, known := s.Primary.Me.Get()
	if !known {
		return coder.Workspace{}, fmt.Errorf("whose token this is, is not known: %w", s.Primary.Me.Err())
	}
	if wish == "" {
		wish = s.Declared.Canary
	}
	if wish == fleet.CanaryNone {
		wish = fleet.CanaryAuto // nothing is rebuilt here
	}
	workspaces, err := source.Primary.ProviderWorkspaces(ctx, provider.ID)
	if err != nil {
		return coder.Workspace{}, err
	}
	return Choose(wish, me, provider, workspaces)
}
