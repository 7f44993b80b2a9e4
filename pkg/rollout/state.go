package rollout

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// State is what runs must know of each other, by the names of waves. What regions are like is not part of it: that is read
// from the regions.
type State map[string]WaveState

// WaveState is what is known of a wave. The zero value is one about which nothing is known.
type WaveState struct {
	// Worked is when the migration of one of its regions last began or ended; later each time.
	Worked time.Time `json:"worked,omitzero"`
	// Failed are the regions whose latest migration failed, with the time.
	Failed map[string]time.Time `json:"failed,omitempty"`
	// Unhealthy is when a look last found something wrong. Its soak does not count from before.
	Unhealthy time.Time `json:"unhealthy,omitzero"`
	// Looked is when the latest look began, and Looking when one in progress ends at the latest: others need not look then.
	Looked  time.Time `json:"looked,omitzero"`
	Looking time.Time `json:"looking,omitzero"`
	// Approval says that the wave may start; nil without one.
	Approval *Verdict `json:"approval,omitempty"`
	// Passed says that its soak was over and its gates held; nil if they did not yet.
	Passed *Verdict `json:"passed,omitempty"`
	// Refused says which gate did not hold; nil if none did.
	Refused *Verdict `json:"refused,omitempty"`
}

// Verdict is what a person or a look said about a wave.
type Verdict struct {
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"` // the e-mail address of an operator; empty for a look
	Reason  string    `json:"reason,omitempty"`
	Regions []string  `json:"regions,omitempty"` // the names of the wave's regions at that time; it says nothing of others
}

// covers reports whether there is a verdict, and on all regions of the wave.
func (v *Verdict) covers(wave fleet.Wave) bool {
	return v != nil && !slices.ContainsFunc(fleet.RegionNames(wave.All), func(name string) bool { return !slices.Contains(v.Regions, name) })
}

// since returns the time from which the wave's soak counts.
func (s WaveState) since() time.Time {
	if s.Unhealthy.After(s.Worked) {
		return s.Unhealthy
	}
	return s.Worked
}

// due returns when the next look is due: a few times in a soak, when the soak is over, and at once for a run that began since
// the latest look.
func (s WaveState) due(wave fleet.Wave, began time.Time) time.Time {
	next := s.Looked.Add(min(max(wave.Soak/10, 30*time.Second), 5*time.Minute))
	if ends := s.since().Add(wave.Soak); wave.Soak > 0 && s.Looked.Before(ends) && ends.Before(next) {
		next = ends
	}
	if s.Looked.Before(began) {
		next = s.Looked
	}
	if s.Looking.After(next) {
		return s.Looking
	}
	return next
}

// worked notes that migrations begin, or that those of the regions ended. What had passed has not passed any more.
func (s *WaveState) worked(at time.Time, regions ...string) {
	if !at.After(s.Worked) {
		at = s.Worked.Add(1) // by another machine's clock; a look notices each change
	}
	s.Worked, s.Passed = at, nil
	s.forgive(regions...)
}

// fail notes that the migration of a region failed. It is called after worked, which made the map the state's own.
func (s *WaveState) fail(at time.Time, region string) {
	if s.Failed == nil {
		s.Failed = map[string]time.Time{}
	}
	s.Failed[region] = at
}

// forgive forgets failures of regions, and reports whether there were any.
func (s *WaveState) forgive(regions ...string) bool {
	before := len(s.Failed)
	s.Failed = maps.Clone(s.Failed) // others may hold the map
	maps.DeleteFunc(s.Failed, func(name string, _ time.Time) bool { return slices.Contains(regions, name) })
	return len(s.Failed) < before
}

// Store keeps the state of a rollout.
type Store interface {
	// Load returns the state.
	Load(ctx context.Context) (State, error)
	// Update changes the state of a wave as it is now, unless change returns false. change may be called several times.
	Update(ctx context.Context, wave string, change func(*WaveState) bool) error
}

// memory keeps the state of a rollout without a home, for as long as the run lasts.
type memory struct {
	mu    sync.Mutex
	state State
}

func (m *memory) Load(context.Context) (State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.state), nil
}

func (m *memory) Update(_ context.Context, name string, change func(*WaveState) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	wave := m.state[name]
	if change(&wave) {
		m.state[name] = wave
	}
	return nil
}
