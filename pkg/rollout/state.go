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
	// Worked is when the migration of one of its regions last began or ended.
	Worked time.Time `json:"worked,omitzero"`
	// Failed are the regions whose latest migration failed, with the time.
	Failed map[string]time.Time `json:"failed,omitempty"`
	// Unhealthy is when a look last found something wrong. Its soak does not count from before.
	Unhealthy time.Time `json:"unhealthy,omitzero"`
	// Looked is when a look last began: others need not look at the same time.
	Looked time.Time `json:"looked,omitzero"`
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
	return v != nil && !slices.ContainsFunc(namesOf(wave.All), func(name string) bool { return !slices.Contains(v.Regions, name) })
}

func namesOf(regions []fleet.Region) (names []string) {
	for _, region := range regions {
		names = append(names, region.Name)
	}
	return names
}

func (s WaveState) failed(region string) bool {
	_, failed := s.Failed[region]
	return failed
}

// since returns the time from which the wave's soak counts.
func (s WaveState) since() time.Time {
	if s.Unhealthy.After(s.Worked) {
		return s.Unhealthy
	}
	return s.Worked
}

// due returns when the next look is due: a few times in a soak, and when the soak is over.
func (s WaveState) due(wave fleet.Wave) time.Time {
	every := 30 * time.Second
	if wave.Soak > 0 {
		every = min(max(wave.Soak/10, time.Second), 5*time.Minute)
	}
	if ends := s.since().Add(wave.Soak); s.Looked.Before(ends) && ends.Before(s.Looked.Add(every)) {
		return ends
	}
	return s.Looked.Add(every)
}

// passed reports whether the next wave need not wait for this one: it passed, and no region was worked on since.
func (s WaveState) passed(wave fleet.Wave) bool {
	return s.Passed.covers(wave) && !s.Passed.At.Before(s.Worked)
}

// worked notes that the migrations of regions begin, or how they ended.
func (s *WaveState) worked(at time.Time, failed bool, regions ...string) {
	known := s.Failed
	s.Worked, s.Failed = at, map[string]time.Time{} // others may hold the old map
	maps.Copy(s.Failed, known)
	for _, name := range regions {
		if delete(s.Failed, name); failed {
			s.Failed[name] = at
		}
	}
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
