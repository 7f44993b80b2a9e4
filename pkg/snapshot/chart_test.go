package snapshot_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// chartIn writes a small chart of that version and returns its folder.
func chartIn(t *testing.T, version string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "coder")
	for name, text := range map[string]string{
		"Chart.yaml":             "apiVersion: v2\nname: coder\nversion: " + version + "\n",
		"templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: coderd}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestChartOfRegion(t *testing.T) {
	const secrets = apiHost + "/api/v1/namespaces/coder-satellite/secrets/"
	servers := newServers(t)
	servers.answer(secrets+"there", `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"there"}}`)
	source := servers.source(t)
	source.Region.Satellite.Chart = v1alpha1.Chart{Name: chartIn(t, "1.21.7")}
	source.Region.Satellite.Sets.Values = []string{"coderd.tls.hostSecretName=gone", "certs.secret.name=there", "coderd.replicas=2"}
	s := source.Collect(t.Context(), snapshot.ItemChart)
	if lost := unknown(s); len(lost) > 0 {
		t.Fatalf("unknown: %v, %v, %v", lost, s.Chart.Err(), s.Spec.Err())
	}
	want := satellite.Spec{
		Chart: satellite.ChartRef{Name: source.Region.Satellite.Chart.Name, Version: "1.21.7"},
		Values: map[string]any{
			"coderd": map[string]any{
				"replicas": int64(2), "tls": map[string]any{"hostSecretName": "gone"},
				"satellite": map[string]any{"enable": true, "primaryURL": "https://" + primaryHost, "accessURL": "https://" + satelliteHost},
			},
			"certs": map[string]any{"secret": map[string]any{"name": "there"}},
		},
	}
	if diff := cmp.Diff(want, s.Spec.Value()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"gone"}, s.MissingSecrets.Value()); diff != "" {
		t.Errorf("missing Secrets (-want +got):\n%s", diff)
	}
	for _, request := range servers.asked() {
		if strings.Contains(request, "/secrets/") && !strings.HasSuffix(request, "(metadata)") {
			t.Errorf("a Secret's data was read: %s", request)
		}
	}
}

func TestChartThatCannotBeKnown(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*servers, *snapshot.Source)
		want   []string
		says   string
	}{
		"no version to follow": {
			func(s *servers, _ *snapshot.Source) { s.fail(primaryHost+"/api", 500) },
			[]string{"version", "spec", "chart"}, "the chart's version follows the primary's, which is unknown",
		},
		"of another version": {
			func(_ *servers, source *snapshot.Source) { source.Region.Satellite.Chart.Version = "1.21.6" },
			[]string{"chart"}, "has version 1.21.7, but 1.21.6 is wanted",
		},
		"no such chart": {
			func(_ *servers, source *snapshot.Source) { source.Region.Satellite.Chart.Name = "no-such-folder" },
			[]string{"chart"}, "neither a folder nor a file",
		},
		"values that disagree": {
			func(_ *servers, source *snapshot.Source) {
				source.Region.Satellite.Sets.Values = []string{"coderd.satellite.enable=false"}
			},
			[]string{"spec"}, "coderd.satellite.enable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			servers := newServers(t)
			source := servers.source(t)
			source.Region.Satellite.Chart.Name = chartIn(t, "1.21.7")
			test.change(servers, source)
			s := source.Collect(t.Context(), snapshot.ItemChart)
			if diff := cmp.Diff(test.want, unknown(s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := errors.Join(s.Chart.Err(), s.Spec.Err()); !strings.Contains(err.Error(), test.says) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

// Many regions load the same chart once. Another version is another chart.
func TestChartCache(t *testing.T) {
	cache := &snapshot.ChartCache{}
	one, other := satellite.ChartRef{Name: chartIn(t, "1.21.7")}, satellite.ChartRef{Name: chartIn(t, "1.22.0")}
	var group sync.WaitGroup
	loaded := make([]*satellite.Chart, 16)
	for i := range loaded {
		group.Go(func() {
			ref := one
			if i%2 == 1 {
				ref = other
			}
			loaded[i], _ = cache.Load(t.Context(), ref)
		})
	}
	group.Wait()
	for i, c := range loaded {
		if c == nil || c != loaded[i%2] || c.Digest == "" {
			t.Fatalf("the chart of load %d is %p, not %p", i, c, loaded[i%2])
		}
	}
	if loaded[0].Metadata.Version != "1.21.7" || loaded[1].Metadata.Version != "1.22.0" || loaded[0].Digest == loaded[1].Digest {
		t.Errorf("%s, %s", loaded[0].Metadata.Version, loaded[1].Metadata.Version)
	}
	if _, err := cache.Load(t.Context(), satellite.ChartRef{Name: "no-such-folder"}); err == nil {
		t.Error("a chart was loaded that does not exist")
	}
}
