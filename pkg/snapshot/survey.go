package snapshot

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// DefaultLimit is how many regions are looked at at once: each holds a rendered
// chart and connections of its own.
const DefaultLimit = 32

// Config holds what the facts of a fleet come from.
type Config struct {
	// Primary is the primary's API.
	Primary *coder.Client
	// RootCAs are what probes trust; nil for the system's.
	RootCAs *x509.CertPool
	Clock   clock.PassiveClock
	// Limit is how many regions are looked at at once; 0 means DefaultLimit.
	Limit int
	// Regions are in the fleet's order.
	Regions []RegionConfig
}

// Survey looks at the regions of a fleet. They share the facts about the
// primary, which are asked for once, and the charts, each loaded once.
type Survey struct {
	sources []*Source
	limit   int
	primary *coder.Client
	shared  *primarySource
}

// NewSurvey returns a survey of the regions. It sends nothing. The error says
// what the configuration lacks.
func NewSurvey(config Config) (*Survey, error) {
	if config.Primary == nil || config.Clock == nil {
		return nil, errors.New("a survey needs a client of the primary and a clock")
	}
	s := &Survey{limit: config.Limit, primary: config.Primary, shared: newPrimarySource(config.Primary)}
	if s.limit <= 0 {
		s.limit = DefaultLimit
	}
	charts := &chartCache{}
	for _, region := range config.Regions {
		if err := region.validate(); err != nil {
			return nil, err
		}
		s.sources = append(s.sources, &Source{
			Region: region.Region, Access: region.Access, Primary: config.Primary,
			noAccess: region.NoAccess, endpointClient: region.Endpoint,
			shared: s.shared, charts: charts, rootCAs: config.RootCAs, clock: config.Clock,
		})
	}
	return s, nil
}

// Anew returns the same survey with nothing known of the primary, so that its
// facts are asked for again. Charts do not change, and are kept.
func (s *Survey) Anew() *Survey {
	anew := *s
	anew.shared, anew.sources = newPrimarySource(s.primary), make([]*Source, len(s.sources))
	for i, source := range s.sources {
		again := *source
		again.shared = anew.shared
		anew.sources[i] = &again
	}
	return &anew
}

// Sources returns the sources of the regions, in the fleet's order.
func (s *Survey) Sources() []*Source { return s.sources }

// Primary returns the facts about the primary, asking for them if no region did.
func (s *Survey) Primary(ctx context.Context) Primary { return s.shared.facts(ctx) }

// Each calls look for every source, in the fleet's order and at most as many at
// once as the limit allows, and waits. The time of a region, 0 for no bound,
// begins when its turn comes: waiting for others takes nothing from it. Once ctx
// has ended, no further region is looked at, and the error is its cause.
func (s *Survey) Each(ctx context.Context, timeout time.Duration, look func(ctx context.Context, i int, source *Source)) error {
	var group errgroup.Group
	group.SetLimit(s.limit)
	for i, source := range s.sources {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			within, cancel := inTime(ctx, timeout)
			defer cancel()
			look(within, i, source)
			return nil
		})
	}
	_ = group.Wait() // what could not be read is in what look has collected
	return context.Cause(ctx)
}

// inTime is context.WithTimeout for a timeout of which 0 means no bound.
func inTime(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// Collect gathers the items of every region, as Each does, and compares the
// regions with each other.
func (s *Survey) Collect(ctx context.Context, timeout time.Duration, items ...Item) ([]*Snapshot, error) {
	snapshots := make([]*Snapshot, len(s.sources))
	err := s.Each(ctx, timeout, func(ctx context.Context, i int, source *Source) {
		snapshots[i] = source.Collect(ctx, items...)
	})
	if err != nil {
		return nil, err
	}
	Compare(snapshots)
	return snapshots, nil
}
