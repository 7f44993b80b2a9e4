package health

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func chartChecks() []Check {
	return in(categoryChart,
		check("chart-available", fails, preflightOnly, chartAvailable,
			"Can the satellite's chart be loaded, and does it fit the cluster?",
			"The chart comes from --chart and --repo in the version --chart-version, by default the primary's own. If the repository lacks that version, name one of the same minor version; charts from v1.22 on need Kubernetes 1.19 or later."),
		check("values-valid", fails, preflightOnly, valuesValid,
			"Can the Helm values be read, do they agree with the region, and does the chart take them?",
			"Values files are merged as Helm does it. coderd.satellite.enable, primaryURL and accessURL are set from the region, and a values file must not say otherwise. When the satellite is to change, the chart is rendered with them, too."),
		check("values-secrets", fails, preflightOnly, valuesSecrets,
			"Do the Secrets that the values name exist in the satellite's namespace?",
			"coderd.tls.hostSecretName, coderd.tls.devurlsHostSecretName and certs.secret.name must be Secrets in the satellite's namespace, or its pods cannot start. Create them, for example with `kubectl create secret tls`."),
		check("unified-url-supported", fails, preflightOnly, unifiedSupported,
			"If the fleet has a unified URL, can the chart and the primary serve it?",
			"A unified URL needs the chart value coderd.alternateHostnames, which charts have from 1.28, and a primary of 1.28 or later. An older chart would ignore the value, and the satellite would no longer know its own name. Upgrade the primary and name a chart of its version, or leave out `unifiedURL` (--unified-url). Its host must not be the primary's own: log in at the primary's URL."),
	)
}

func chartAvailable(s *snapshot.Snapshot) Answer {
	chart, known := s.Chart.Get()
	if !known {
		return unknown(s.Chart.Err(), "name another with --chart, --repo and --chart-version")
	}
	found, known := s.Cluster.Get()
	if !known {
		return unknown(s.Cluster.Err(), "")
	}
	if err := satellite.Compatible(chart, found.Version); err != nil {
		return fail("name a chart version that fits with --chart-version", "%v", err)
	}
	return pass("chart %s %s", chart.Metadata.Name, chart.Metadata.Version)
}

func valuesValid(s *snapshot.Snapshot) Answer {
	if !s.Spec.IsKnown() {
		return unknown(s.Spec.Err(), "")
	}
	if s.Rendering.Collected() && !s.Rendering.IsKnown() {
		return fail("correct the values, or name the chart that they are for with --chart-version", "%v", s.Rendering.Err())
	}
	return pass("the values can be read and agree with the region")
}

func valuesSecrets(s *snapshot.Snapshot) Answer {
	if !s.Spec.IsKnown() {
		return skip("the values are unknown")
	}
	missing, known := s.MissingSecrets.Get()
	switch {
	case !known:
		return unknown(s.MissingSecrets.Err(), "")
	case len(missing) > 0:
		return fail("create them, for example with `kubectl create secret tls`",
			"Secrets that the values name are missing in namespace %q: %s", s.Region.Satellite.Namespace, strings.Join(missing, ", "))
	}
	return pass("every Secret that the values name exists")
}
