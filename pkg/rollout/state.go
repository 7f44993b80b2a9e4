package rollout

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// State is how far a rollout is: what is known of its waves, by their names.
type State map[string]WaveState

// WaveState is what is known of a wave. The zero value is one about which nothing is known.
type WaveState struct {
	// Ended are its regions that were migrated, or that failed, by name.
	Ended    map[string]Ended `json:"ended,omitempty"`
	Approval *Approval        `json:"approval,omitempty"`
	// Good is the time of the latest look at the wave that found something wrong. Its soak does not count from before.
	Good time.Time `json:"good,omitzero"`
	// Looked is the time of the latest look, or of the latest beginning of one: others need not look at the same time.
	Looked time.Time `json:"looked,omitzero"`
	// Passed is when its soak was over and its gates held.
	Passed time.Time `json:"passed,omitzero"`
}

// Ended is how the migration of a region ended.
type Ended struct {
	At      time.Time        `json:"at"`
	Outcome v1alpha1.Outcome `json:"outcome"`
	// LongestGapMilliseconds is the longest time without an answer that was measured; nil if nothing was.
	LongestGapMilliseconds *int64 `json:"longestGapMilliseconds,omitempty"`
}

// Approval says that a wave may start.
type Approval struct {
	By     string    `json:"by"` // the e-mail address of an operator
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Regions are the names of the wave's regions at that time. Others are not approved.
	Regions []string `json:"regions"`
}

// done reports whether the region was migrated, or needed no migration.
func (s WaveState) done(region string) bool {
	return migrated(s.Ended[region].Outcome)
}

// failed reports whether its migration failed.
func (s WaveState) failed(region string) bool {
	ended, known := s.Ended[region]
	return known && !migrated(ended.Outcome)
}

func migrated(outcome v1alpha1.Outcome) bool {
	return outcome == v1alpha1.OutcomeSucceeded || outcome == v1alpha1.OutcomeNothingToDo
}

// since returns the time from which the wave's soak counts: its latest end, or a later look that found something wrong.
func (s WaveState) since() time.Time {
	since := s.Good
	for _, ended := range s.Ended {
		if ended.At.After(since) {
			since = ended.At
		}
	}
	return since
}

// passed reports whether the next wave need not wait for this one: its gates held, and nothing ended or failed since.
func (s WaveState) passed() bool { return !s.Passed.IsZero() && !s.Passed.Before(s.since()) }

// approved reports whether somebody approved all regions of the wave.
func (s WaveState) approved(wave fleet.Wave) bool {
	return s.Approval != nil && !slices.ContainsFunc(wave.All, func(region fleet.Region) bool {
		return !slices.Contains(s.Approval.Regions, region.Name)
	})
}

// end notes the end of a region. One that needed no migration keeps the time at which it was migrated.
func (s *WaveState) end(region string, ended Ended) {
	if ended.Outcome == v1alpha1.OutcomeNothingToDo && s.done(region) {
		return
	}
	if s.Ended == nil {
		s.Ended = map[string]Ended{}
	}
	s.Ended[region] = ended
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
	copied := State{}
	for name, wave := range m.state {
		copied[name] = wave
	}
	return copied, nil
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
