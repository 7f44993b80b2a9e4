// Package verify connects to a region's workspace through its satellite and through the primary, as its owner's clients
// do, and compares the two. It changes nothing.
//
// The connections carry the operator's token: a satellite gets it only if the primary trusts the very key that it serves.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Options say how to verify a provider.
type Options struct {
	Workspace string        // a workspace's name or ID; empty means the provider's canary
	Pings     int           // sent through each connection in sequence; at least 1
	MaxLoss   int           // how many of them may be lost, in percent
	Briefly   bool          // stop once it is certain whether too many are lost
	Compare   bool          // compare the satellite with the primary
	For       time.Duration // how long to send pings, a fifth of a second apart, instead of a number of them; 0 for the number
	Patience  time.Duration // when a ping counts as lost; three seconds if 0
}

// Provider connects to a workspace of the provider, through its region's satellite and the primary at once, and pings it
// through both in turns; in a region without a satellite, through the primary alone. If the deployment offers direct
// connections, which stun reports, it also makes one of those.
func Provider(ctx context.Context, source *snapshot.Source, options Options, stun func() ([]string, error)) v1alpha1.RegionVerification {
	s := source.Collect(ctx, snapshot.ItemProvider, snapshot.ItemRegistrations, snapshot.ItemEndpoint, snapshot.ItemSatellite)
	provider := s.Provider.Value()
	v := v1alpha1.RegionVerification{
		Name: s.Region.Name, Outcome: v1alpha1.OutcomeFailed,
		Provider: v1alpha1.Provider{ID: provider.ID, Name: provider.Name},
	}
	var users *path // the one that counts
	workspace, err := choose(ctx, source, s, options.Workspace)
	if err == nil {
		v.Workspace = workspace.Name
		users, err = usersPath(source, s, options)
	}
	if err != nil {
		v.Message = err.Error()
		return v
	}
	defer users.client.CloseIdle()
	through := []*path{users}
	if v.Primary = users.result; !s.Region.Satellite.None() {
		primary := newPath(source.Primary, options)
		v.Satellite, v.Primary, through = users.result, primary.result, append(through, primary)
	}
	direct := newPath(users.client, options)
	switch servers, err := stun(); {
	case err != nil:
		v.Direct = direct.result
		direct.failed("cannot determine whether the deployment offers direct connections: %v", err)
		direct.result.Stage, direct.result.Hint = "offer", ""
	case len(servers) > 0:
		v.Direct, direct.stun, through = direct.result, servers, append(through, direct)
	}
	tryAll(ctx, through, workspace.ID, options)
	if users.well() {
		v.Outcome = v1alpha1.OutcomeSucceeded
	}
	if options.Compare {
		v.Comparison = comparison(v.Satellite, v.Primary)
	}
	return v
}

// Users connects to a workspace of the operator's as users do: through the region's satellite or, in a region without
// one, through the primary. s must hold the satellite, its registration and what the access URL serves. The error says
// why too few pings came back.
func Users(ctx context.Context, source *snapshot.Source, s *snapshot.Snapshot, workspaceID string, options Options) (v1alpha1.Connection, error) {
	users, err := usersPath(source, s, options)
	if err != nil {
		return v1alpha1.Connection{}, err
	}
	defer users.client.CloseIdle()
	tryAll(ctx, []*path{users}, workspaceID, options)
	if !users.well() {
		text := users.result.Stage + ": " + users.result.Message
		if users.result.Hint != "" {
			text += " (" + users.result.Hint + ")"
		}
		return *users.result, errors.New(text)
	}
	return *users.result, nil
}

func usersPath(source *snapshot.Source, s *snapshot.Snapshot, options Options) (*path, error) {
	client := source.Primary
	if satellite := s.Region.Satellite; !satellite.None() {
		err := trusted(s) // the satellite gets the token
		if err == nil {
			client, err = source.Primary.At(satellite.AccessURL, satellite.ConnectTo)
		}
		if err != nil {
			return nil, err
		}
	}
	return newPath(client, options), nil
}

// trusted returns why the satellite at the access URL must not get a token, or nil if it may.
func trusted(s *snapshot.Snapshot) error {
	own, err := s.ServesOwnKey()
	switch {
	case err != nil:
		return fmt.Errorf("cannot determine whether the satellite at %s is the region's own: %w", s.Region.Satellite.AccessURL, err)
	case !own:
		return fmt.Errorf("%s serves another key than the one in the cluster: see `kubectl coder-satellite status`", s.Region.Satellite.AccessURL)
	}
	if !s.Registrations.IsKnown() {
		return fmt.Errorf("the registered satellites are unknown: %w", s.Registrations.Err())
	}
	if _, registered := s.Registration(); !registered {
		return fmt.Errorf("the satellite at %s is not registered at the primary: run `kubectl coder-satellite migrate`", s.Region.Satellite.AccessURL)
	}
	return nil
}

// tryAll connects to the workspace along all paths at once, and pings it in turns.
func tryAll(ctx context.Context, through []*path, workspaceID string, options Options) {
	var group sync.WaitGroup
	for _, p := range through {
		group.Go(func() { p.connect(ctx, workspaceID) })
	}
	group.Wait()
	pingAll(ctx, through, options)
	for _, p := range through {
		p.end(options.MaxLoss)
	}
}

// pingAll pings along all paths in turns, until all pings are sent, the time has ended, or the first path is lost.
func pingAll(ctx context.Context, through []*path, options Options) {
	if options.For > 0 {
		watching, cancel := context.WithTimeout(ctx, options.For)
		defer cancel()
		ctx = watching
	}
	for i := 0; options.For > 0 || i < options.Pings; i++ {
		if through[0].lost != nil || ctx.Err() != nil || options.Briefly && through[0].certain(options) {
			return
		}
		for _, p := range through {
			p.ping(ctx)
		}
		if options.For > 0 {
			select {
			case <-time.After(pingPause):
			case <-ctx.Done():
			}
		}
	}
}

func choose(ctx context.Context, source *snapshot.Source, s *snapshot.Snapshot, wish string) (coder.Workspace, error) {
	if wish = cmp.Or(wish, s.Declared.Canary); wish == fleet.CanaryNone {
		wish = fleet.CanaryAuto // nothing is rebuilt here
	}
	workspaces, err := source.Candidates(ctx, s)
	if err != nil {
		return coder.Workspace{}, err
	}
	return Choose(wish, s.Primary.Me.Value(), s.Provider.Value(), workspaces)
}
