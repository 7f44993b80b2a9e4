package snapshot

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// chartCache loads each chart once, however many regions need it. Its zero value is ready for use.
type chartCache struct{ loads sync.Map } // of functions that load, by satellite.ChartRef

// Load returns the chart of this reference.
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

// chart reads the intended release: its values, its chart, and which of the Secrets in the values are missing.
func (src *Source) chart(ctx context.Context, s *Snapshot) {
	wanted := src.Region.Satellite.Chart
	ref := satellite.ChartRef{Name: wanted.Name, Repo: wanted.Repo, Version: wanted.Version}
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
	group.Go(func() { s.Chart = FactOf(src.survey.charts.Load(ctx, ref)) })
	if err == nil {
		group.Go(func() {
			s.MissingSecrets = inCluster(src.SatelliteSite, func() ([]string, error) {
				return src.Satellite().MissingSecrets(ctx, values)
			})
		})
	}
	group.Wait()
}

func (src *Source) rendering(s *Snapshot) Fact[satellite.Rendering] {
	if err := errors.Join(s.Spec.Err(), s.Chart.Err(), s.Satellite.Err()); err != nil {
		return Unknown[satellite.Rendering](err)
	}
	return inCluster(src.SatelliteSite, func() (satellite.Rendering, error) {
		return src.Satellite().Render(s.Spec.Value(), s.Chart.Value(), s.Satellite.Value())
	})
}
