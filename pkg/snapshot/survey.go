package snapshot

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

const (
	// mostAtOnce is how many regions are looked at at once where the machine allows it:
	// most of the time each waits for its clusters.
	mostAtOnce = 128
	// filesPerRegion is what a region that is looked at holds open: connections to the
	// satellite's and the provider's clusters, the satellite and the envproxy, and some that
	// are being made or closed.
	filesPerRegion = 6
	// filesOfOurs is what the program holds open besides.
	filesOfOurs = 64
)

// Config holds what the facts of a fleet come from.
type Config struct {
	// Primary is the primary's API.
	Primary *coder.Client
	// RootCAs are what probes trust; nil for the system's.
	RootCAs *x509.CertPool
	Clock   clock.PassiveClock
	// Limit is how many regions are looked at at once; 0 for as many as the machine is good for.
	Limit int
	// Regions are in the fleet's order.
	Regions []RegionConfig
}

// Survey looks at the regions of a fleet. They share the facts about the
// primary, which are asked for once, and the charts, each loaded once.
type Survey struct {
	config  Config
	charts  *chartCache
	shared  *primarySource
	regions []*Region
	late    atomic.Int32 // regions whose time ran out
}

// NewSurvey returns a survey of the regions. It sends nothing. The error says
// what the configuration lacks.
func NewSurvey(config Config) (*Survey, error) {
	if config.Primary == nil || config.Clock == nil {
		return nil, errors.New("a survey needs a client of the primary and a clock")
	}
	if config.Limit <= 0 {
		config.Limit = min(mostAtOnce, max(1, (openFiles()-filesOfOurs)/filesPerRegion))
	}
	for _, region := range config.Regions {
		if err := region.validate(); err != nil {
			return nil, err
		}
	}
	return newSurvey(config, &chartCache{}), nil
}

func newSurvey(config Config, charts *chartCache) *Survey {
	s := &Survey{config: config, charts: charts, shared: &primarySource{client: config.Primary}}
	for _, region := range config.Regions {
		opened := &Region{Region: region.Region}
		declared := region.declared()
		for i, provider := range region.Region.Providers {
			opened.Sources = append(opened.Sources, &Source{
				Region: region.Region, Declared: provider,
				SatelliteSite: region.Satellite, ProviderSite: region.Providers[i],
				siblings: slices.Delete(slices.Clone(declared), i, i+1),
				Primary:  config.Primary, Endpoint: region.Endpoint,
				shared: s.shared, charts: charts, rootCAs: config.RootCAs, clock: config.Clock,
			})
		}
		s.regions = append(s.regions, opened)
	}
	return s
}

// Anew returns the same survey with nothing known of the primary, so that its
// facts are asked for again. Charts do not change, and are kept.
func (s *Survey) Anew() *Survey { return newSurvey(s.config, s.charts) }

// Regions returns the regions, in the fleet's order.
func (s *Survey) Regions() []*Region { return s.regions }

// Primary returns the facts about the primary, asking for them if no region did.
func (s *Survey) Primary(ctx context.Context) Primary { return s.shared.facts(ctx) }

// Each calls look for every region, in the fleet's order and at most as many at
// once as the limit allows, and waits. The time of a region, 0 for no bound,
// begins when its turn comes: waiting for others takes nothing from it. Once ctx
// has ended, no further region is looked at, and the error is its cause.
func (s *Survey) Each(ctx context.Context, timeout time.Duration, look func(ctx context.Context, i int, region *Region)) error {
	var group errgroup.Group
	group.SetLimit(s.config.Limit)
	for i, region := range s.regions {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			within, cancel := inTime(ctx, timeout)
			defer cancel()
			look(within, i, region)
			if ctx.Err() == nil && within.Err() != nil {
				s.late.Add(1)
			}
			if len(s.regions) > s.config.Limit { // a large fleet would hold more open files than the system allows
				region.closeIdle()
			}
			return nil
		})
	}
	_ = group.Wait() // what could not be read is in what look has collected
	return context.Cause(ctx)
}

// TimedOut reports whether the time of every region ran out while it was looked at.
func (s *Survey) TimedOut() bool { return int(s.late.Load()) >= len(s.regions) }

// inTime is context.WithTimeout for a timeout of which 0 means no bound.
func inTime(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// Collect gathers the items of every region, as Each does, and compares the
// regions with each other. Of each region there is a view for each of its providers.
func (s *Survey) Collect(ctx context.Context, timeout time.Duration, items ...Item) ([][]*Snapshot, error) {
	regions := make([][]*Snapshot, len(s.regions))
	err := s.Each(ctx, timeout, func(ctx context.Context, i int, region *Region) {
		regions[i] = region.Collect(ctx, items...)
	})
	if err != nil {
		return nil, err
	}
	Compare(regions)
	return regions, nil
}
