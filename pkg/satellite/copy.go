package satellite

import (
	"helm.sh/helm/v3/pkg/chart"
)

// own returns a copy for one run of Helm. Helm changes the chart that it is
// given: it drops dependencies that these values disable, and sets values (Helm
// v3, pkg/chartutil/dependencies.go). One chart is loaded for all regions.
func (c *Chart) own() *chart.Chart { return copyOfChart(c.Chart) }

func copyOfChart(c *chart.Chart) *chart.Chart {
	own := *c
	if c.Metadata != nil {
		metadata := *c.Metadata
		metadata.Dependencies = nil
		for _, dependency := range c.Metadata.Dependencies {
			if dependency != nil {
				its := *dependency
				metadata.Dependencies = append(metadata.Dependencies, &its)
			}
		}
		own.Metadata = &metadata
	}
	own.Values = copyOf(c.Values)
	dependencies := make([]*chart.Chart, len(c.Dependencies()))
	for i, dependency := range c.Dependencies() {
		dependencies[i] = copyOfChart(dependency)
	}
	own.SetDependencies(dependencies...)
	return &own
}

// copyOf protects values from Helm, which changes what it is given. Numbers
// keep their type, which decides how a template writes them.
func copyOf(values map[string]any) map[string]any {
	own := make(map[string]any, len(values))
	for key, value := range values {
		own[key] = copyOfValue(value)
	}
	return own
}

func copyOfValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return copyOf(value)
	case []any:
		own := make([]any, len(value))
		for i, item := range value {
			own[i] = copyOfValue(item)
		}
		return own
	default:
		return value
	}
}
