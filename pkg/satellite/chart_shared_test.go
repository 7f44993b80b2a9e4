package satellite

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// sharedChart has everything that makes Helm modify a chart in memory: a dependency that values
// may disable, with another name, and with values that the parent imports.
func sharedChart() *Chart {
	c := newChart("1.21.7")
	c.Values = map[string]any{"db": map[string]any{"enabled": true}}
	c.Metadata.Dependencies = []*chart.Dependency{{
		Name: "database", Version: "1.0.0", Alias: "db", Condition: "db.enabled",
		ImportValues: []any{map[string]any{"child": "exported", "parent": "imported"}},
	}}
	database := &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: chart.APIVersionV2, Name: "database", Version: "1.0.0"},
		Values:    map[string]any{"exported": map[string]any{"port": 5432}},
		Templates: []*chart.File{{Name: "templates/service.yaml", Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: db}\n")}},
	}
	c.AddDependency(database)
	return &Chart{Chart: c}
}

// TestSharedChart: regions that share a chart never see each other's values, in any order, and
// may render it at the same time (run with -race).
func TestSharedChart(t *testing.T) {
	c := sharedChart()
	configMap, service := schema.GroupKind{Kind: "ConfigMap"}, schema.GroupKind{Kind: "Service"}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			enabled, want := i%2 == 1, []schema.GroupKind{configMap}
			if enabled {
				want = append(want, service)
			}
			r := At(nil, "edge", fmt.Sprint("release-", i))
			spec := Spec{Values: map[string]any{"db": map[string]any{"enabled": enabled}}}
			for range 20 {
				got, err := r.Kinds(spec, c, "")
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("with the dependency enabled %t (-want +got):\n%s", enabled, diff)
					return
				}
				if diff := cmp.Diff(map[string]any{"db": map[string]any{"enabled": enabled}}, spec.Values); diff != "" {
					t.Errorf("the region's values were changed (-before +after):\n%s", diff)
				}
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff(sharedChart().Metadata, c.Metadata); diff != "" || len(c.Dependencies()) != 1 {
		t.Errorf("the chart was changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(sharedChart().Values, c.Values); diff != "" {
		t.Errorf("the chart's values were changed (-before +after):\n%s", diff)
	}
}
