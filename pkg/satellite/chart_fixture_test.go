package satellite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/repo"
)

// newChart is a small chart.
func newChart(version string) *chart.Chart {
	return &chart.Chart{
		Metadata:  &chart.Metadata{APIVersion: chart.APIVersionV2, Name: "coder", Version: version, AppVersion: version, KubeVersion: ">= 1.19.0-0"},
		Templates: []*chart.File{{Name: "templates/cm.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")}},
	}
}

// archive saves a chart as a .tgz file in a folder.
func archive(t *testing.T, c *chart.Chart, dir string) string {
	t.Helper()
	file, err := chartutil.Save(c, dir)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// repository serves charts as an HTTP repository, and returns its URL.
func repository(t *testing.T, charts ...*chart.Chart) string {
	t.Helper()
	return serve(t, chartFiles(t, charts...))
}

// chartFiles serves the charts as an HTTP repository does.
func chartFiles(t *testing.T, charts ...*chart.Chart) http.Handler {
	t.Helper()
	dir := t.TempDir()
	for _, c := range charts {
		archive(t, c, dir)
	}
	index, err := repo.IndexDirectory(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := index.WriteFile(filepath.Join(dir, "index.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	return http.FileServer(http.Dir(dir))
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// ociRegistry serves one chart from an OCI registry, and returns its reference.
func ociRegistry(t *testing.T, c *chart.Chart) string {
	t.Helper()
	return ociReference(serve(t, chartImages(t, c)))
}

func ociReference(url string) string {
	return strings.Replace(url, "http", "oci", 1) + "/charts/coder"
}

// chartImages serves one chart as an OCI registry does, in the layout that `helm push` creates.
func chartImages(t *testing.T, c *chart.Chart) http.Handler {
	t.Helper()
	layer, err := os.ReadFile(archive(t, c, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(c.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": describe("application/vnd.cncf.helm.config.v1+json", config),
		"layers": []any{describe("application/vnd.cncf.helm.chart.content.v1.tar+gzip", layer)},
	})
	if err != nil {
		t.Fatal(err)
	}
	blobs := map[string][]byte{digestOf(config): config, digestOf(layer): layer}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/v2/charts/coder/")
		switch kind, what, _ := strings.Cut(path, "/"); {
		case kind == "tags":
			_, _ = fmt.Fprintf(w, `{"name":"charts/coder","tags":[%q]}`, c.Metadata.Version)
		case kind == "manifests" && (what == c.Metadata.Version || what == digestOf(manifest)):
			w.Header().Set("Content-Type", manifestType)
			w.Header().Set("Docker-Content-Digest", digestOf(manifest))
			_, _ = w.Write(manifest)
		case kind == "blobs" && blobs[what] != nil:
			w.Header().Set("Docker-Content-Digest", what)
			_, _ = w.Write(blobs[what])
		default:
			http.NotFound(w, r)
		}
	})
}

func describe(mediaType string, data []byte) map[string]any {
	return map[string]any{"mediaType": mediaType, "digest": digestOf(data), "size": len(data)}
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
