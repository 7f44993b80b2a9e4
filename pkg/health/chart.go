package health

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func chartAvailable(s *snapshot.Snapshot) Answer {
	chart, known := s.Chart.Get()
	if !known {
		return unknown(s.Chart.Err(), "name another with --chart, --repo and --chart-version")
	}
	if !s.Cluster.IsKnown() {
		return unknown(s.Cluster.Err(), "")
	}
	if err := satellite.Compatible(chart, s.Cluster.Value().Version); err != nil {
		return fail("name a chart version that fits with --chart-version", "%v", err)
	}
	return pass("chart %s %s", chart.Metadata.Name, chart.Metadata.Version)
}

func valuesValid(s *snapshot.Snapshot) Answer {
	switch {
	case !s.Spec.IsKnown():
		return unknown(s.Spec.Err(), "")
	case s.Rendering.Collected() && !s.Rendering.IsKnown():
		return fail("correct the values, or name the chart that they are for with --chart-version", "%v", s.Rendering.Err())
	}
	return pass("the values can be read and agree with the region")
}

func valuesSecrets(s *snapshot.Snapshot) Answer {
	missing, known := s.MissingSecrets.Get()
	switch {
	case !s.Spec.IsKnown():
		return skip("the values are unknown")
	case !known:
		return unknown(s.MissingSecrets.Err(), "")
	case len(missing) > 0:
		return fail("create them, for example with `kubectl create secret tls`",
			"Secrets that the values name are missing in namespace %q: %s", s.Region.Satellite.Namespace, strings.Join(missing, ", "))
	}
	return pass("every Secret that the values name exists")
}
