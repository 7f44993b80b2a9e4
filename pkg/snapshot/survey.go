package snapshot

import (
	"context"
	"crypto/x509"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

const (
	mostAtOnce     = 120 // regions read at the same time; they mostly wait for their clusters
	filesPerRegion = 6   // connections to two clusters, the satellite and the envproxy, and some that open or close
	filesOfOurs    = 64  // other open files of the program
)

// Config holds what the facts of a fleet come from.
type Config struct {
	Primary *coder.Client
	RootCAs *x509.CertPool // of probes; nil for the system's
	Clock   clock.PassiveClock
	Limit   int            // regions that are read at the same time; 0 for as many as the machine can handle
	Regions []RegionConfig // in the fleet's order
}

// Survey reads the facts of a fleet's regions. They share the facts about the primary, which are read once, and the charts,
// each loaded once.
type Survey struct {
	config  Config
	charts  *chartCache
	shared  *primarySource
	regions []*Region
	late    atomic.Int32 // regions whose time ran out
}

// NewSurvey returns a survey of the regions. It sends nothing. The error says what the configuration lacks.
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
		for i, provider := range region.Region.Providers {
			opened.Sources = append(opened.Sources, &Source{
				Region: region.Region, Declared: provider, SatelliteSite: region.Satellite, ProviderSite: region.Providers[i],
				Primary: config.Primary, Endpoint: region.Endpoint, config: region, survey: s,
			})
		}
		s.regions = append(s.regions, opened)
	}
	return s
}

// Anew returns the same survey, to read the facts about the primary again. The charts are kept: they never change.
func (s *Survey) Anew() *Survey { return newSurvey(s.config, s.charts) }

// Regions returns the regions, in the fleet's order.
func (s *Survey) Regions() []*Region { return s.regions }

// Primary returns the facts about the primary, and reads them if no region did.
func (s *Survey) Primary(ctx context.Context) Primary { return s.shared.facts(ctx) }

// Each calls look for every region, in the fleet's order and in parallel up to the limit, and waits. The timeout of a region,
// 0 for none, starts when its turn comes. Once ctx has ended, Each starts no further region and returns the cause.
func (s *Survey) Each(ctx context.Context, timeout time.Duration, look func(ctx context.Context, i int, region *Region)) error {
	pace, done := newPace(s.config.Limit), make(chan struct{})
	go pace.watch(done)
	defer close(done)
	if timeout <= 0 {
		timeout = math.MaxInt64
	}
	var looks sync.WaitGroup
	for i, region := range s.regions {
		pace.begin()
		if ctx.Err() != nil {
			break
		}
		looks.Go(func() {
			defer pace.end()
			within, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			look(within, i, region)
			if ctx.Err() == nil && within.Err() != nil {
				s.late.Add(1)
			}
			if len(s.regions) > s.config.Limit { // a large fleet would exceed the limit on open files
				region.closeIdle()
			}
		})
	}
	looks.Wait() // errors are part of the facts that look collected
	return context.Cause(ctx)
}

// TimedOut reports whether every region took longer than its time.
func (s *Survey) TimedOut() bool { return int(s.late.Load()) >= len(s.regions) }

// Collect gathers the items of every region, as Each does, and compares the regions. Each region has a view per provider.
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
