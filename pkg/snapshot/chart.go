package snapshot

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// chartCache loads each chart once, however many regions ask for it. Its zero
// value is ready for use.
type chartCache struct{ loads sync.Map } // of functions that load, by satellite.ChartRef

// Load returns the chart, loading it at the first call for this reference.
func (c *chartCache) Load(ctx context.Context, ref satellite.ChartRef) (*satellite.Chart, error) {
	load, _ := c.loads.LoadOrStore(ref, sync.OnceValues(func() (*satellite.Chart, error) {
		chart, err := satellite.LoadChart(ctx, ref)
		if satellite.Unanswered(err) {
			return nil, err
		}
		return chart, settled(err)
	}))
	return load.(func() (*satellite.Chart, error))()
}

// chart fills the release as it should be: its values, its chart, and the
// Secrets that the values name.
func (src *Source) chart(ctx context.Context, s *Snapshot) {
	ref := satellite.ChartRef{
		Name:    src.Region.Satellite.Chart.Name,
		Repo:    src.Region.Satellite.Chart.Repo,
		Version: src.Region.Satellite.Chart.Version,
	}
	if ref.Version == "" {
		version, ok := s.Primary.Version.Get()
		if !ok {
			err := fmt.Errorf("the chart's version follows the primary's, which is unknown: %w", s.Primary.Version.Err())
			s.Chart, s.Spec = Unknown[*satellite.Chart](err), Unknown[satellite.Spec](err)
			return
		}
		ref.Version = version.String()
	}
	values, err := satellite.MergeValues(src.Region.Satellite.ValueFiles, src.Region.Satellite.Sets, satellite.URLs{
		Primary: s.Primary.URL, Access: src.Region.Satellite.AccessURL, Unified: src.Region.Satellite.UnifiedURL,
	})
	s.Spec = FactOf(satellite.Spec{Chart: ref, Values: values}, settled(err))

	var group sync.WaitGroup
	group.Go(func() { s.Chart = FactOf(src.charts.Load(ctx, ref)) })
	if err == nil {
		group.Go(func() {
			s.MissingSecrets = inCluster(src.SatelliteSite, func() ([]string, error) {
				return src.Satellite().MissingSecrets(ctx, values)
			})
		})
	}
	group.Wait()
}

// rendering renders the release as it should be, if all that it takes is known.
func (src *Source) rendering(s *Snapshot) Fact[satellite.Rendering] {
	spec, specKnown := s.Spec.Get()
	chart, chartKnown := s.Chart.Get()
	state, stateKnown := s.Satellite.Get()
	if !specKnown || !chartKnown || !stateKnown {
		return Unknown[satellite.Rendering](errors.Join(s.Spec.Err(), s.Chart.Err(), s.Satellite.Err()))
	}
	return inCluster(src.SatelliteSite, func() (satellite.Rendering, error) {
		return src.Satellite().Render(spec, chart, state)
	})
}
