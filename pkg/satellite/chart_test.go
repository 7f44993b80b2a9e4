package satellite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// A chart is the same from every kind of source.
func TestLoadChart(t *testing.T) {
	c := newChart("1.21.7")
	dir := t.TempDir()
	if err := chartutil.SaveDir(c, dir); err != nil {
		t.Fatal(err)
	}
	images := ociRegistry(t, c)
	digests := map[string]string{}
	for name, ref := range map[string]ChartRef{
		"folder":          {Name: filepath.Join(dir, "coder")},
		"folder, version": {Name: filepath.Join(dir, "coder"), Version: "1.21.7"},
		"archive":         {Name: archive(t, c, t.TempDir())},
		"HTTP repository": {Name: "coder", Repo: repository(t, c, newChart("1.22.3")), Version: "1.21.7"},
		"OCI registry":    {Name: images, Version: "1.21.7"},
		"HTTP repository of OCI charts": {
			Name: "coder", Version: "1.21.7",
			Repo: serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, "apiVersion: v1\nentries: {coder: [{name: coder, version: 1.21.7, urls: ['%s:1.21.7']}]}\n", images)
			})),
		},
	} {
		loaded, err := LoadChart(t.Context(), ref)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if loaded.Metadata.Version != "1.21.7" || len(loaded.Templates) != 1 {
			t.Errorf("%s: %+v with %d templates", name, loaded.Metadata, len(loaded.Templates))
		}
		digests[loaded.Digest] = name
	}
	if len(digests) != 1 {
		t.Errorf("the same chart has the digests %v", digests)
	}
	other := newChart("1.21.7")
	other.Templates[0].Data = append(other.Templates[0].Data, '\n')
	changed, err := LoadChart(t.Context(), ChartRef{Name: archive(t, other, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	if _, same := digests[changed.Digest]; same {
		t.Error("a changed chart has the same digest")
	}
}

func TestLoadChartErrors(t *testing.T) {
	file := archive(t, newChart("1.21.7"), t.TempDir())
	truncated := filepath.Join(t.TempDir(), "coder.tgz")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(truncated, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	deprecated := newChart("1.21.7")
	deprecated.Metadata.Deprecated = true
	needy := newChart("1.21.7")
	needy.Metadata.Dependencies = []*chart.Dependency{{Name: "postgres", Version: "1.0.0", Repository: "https://example.com"}}
	charts := repository(t, newChart("1.21.7"), newChart("1.22.3"))
	many := repository(t, newChart("1.1.0"), newChart("1.2.0"), newChart("1.3.0"), newChart("1.4.0"), newChart("1.5.0"), newChart("1.6.0"))
	html := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in</html>")) }))
	oci := ociRegistry(t, newChart("1.21.7"))
	for name, test := range map[string]struct {
		ref  ChartRef
		want []string
	}{
		"no such file":            {ChartRef{Name: "coder"}, []string{`chart "coder" is neither a folder nor a file here`, "--repo"}},
		"not the wanted version":  {ChartRef{Name: file, Version: "1.22.3"}, []string{"has version 1.21.7, but 1.22.3 is wanted", "--chart-version"}},
		"truncated":               {ChartRef{Name: truncated}, []string{"chart " + truncated + " cannot be loaded"}},
		"deprecated":              {ChartRef{Name: archive(t, deprecated, t.TempDir())}, []string{"chart coder 1.21.7 is deprecated"}},
		"lacks dependencies":      {ChartRef{Name: archive(t, needy, t.TempDir())}, []string{"helm dependency build"}},
		"no such version":         {ChartRef{Name: "coder", Repo: charts, Version: "1.44.3"}, []string{"has no chart coder 1.44.3 (it has 1.22.3, 1.21.7)", "--chart-version"}},
		"no such version of many": {ChartRef{Name: "coder", Repo: many, Version: "1.44.3"}, []string{"it has 1.6.0, 1.5.0, 1.4.0, 1.3.0, 1.2.0 and 1 more"}},
		"no such chart":           {ChartRef{Name: "cider", Repo: charts, Version: "1.21.7"}, []string{`has no chart "cider"`}},
		"no repository":           {ChartRef{Name: "coder", Repo: "http://127.0.0.1:9", Version: "1.21.7"}, []string{"the chart repository http://127.0.0.1:9 cannot be read"}},
		"an HTML page":            {ChartRef{Name: "coder", Repo: html, Version: "1.21.7"}, []string{"the chart repository " + html + " cannot be read"}},
		"not in the registry":     {ChartRef{Name: oci, Version: "1.44.3"}, []string{"chart " + oci + " 1.44.3 cannot be pulled (it has 1.21.7)"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadChart(t.Context(), test.ref)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q has no %q", err, want)
				}
			}
		})
	}
}

// If an index came over https, its charts must also come over https and match the index.
func TestLoadChartAsListed(t *testing.T) {
	files := chartFiles(t, newChart("1.21.7"))
	plain := serve(t, files)
	index := func(location, digest string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/index.yaml" {
				files.ServeHTTP(w, r)
				return
			}
			_, _ = fmt.Fprintf(w, "apiVersion: v1\nentries: {coder: [{name: coder, version: 1.21.7, digest: '%s', urls: ['%s']}]}\n", digest, location)
		})
	}
	data, err := os.ReadFile(archive(t, newChart("1.21.7"), t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.TrimPrefix(digestOf(served(t, plain+"/coder-1.21.7.tgz")), "sha256:")
	other := strings.TrimPrefix(digestOf(append(data, 0)), "sha256:")
	away := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain+r.URL.Path, http.StatusFound)
	})
	for name, test := range map[string]struct {
		handler http.Handler
		want    string
	}{
		"relative, listed":      {index("coder-1.21.7.tgz", listed), ""},
		"with the kind of it":   {index("coder-1.21.7.tgz", "sha256:"+strings.ToUpper(listed)), ""},
		"no digest":             {index("coder-1.21.7.tgz", ""), ""},
		"another archive":       {index("coder-1.21.7.tgz", other), "its SHA-256 is " + listed + ", the index has " + other},
		"over http":             {index(plain+"/coder-1.21.7.tgz", listed), "would come from " + plain},
		"redirected to http":    {away, "it redirects from https to http://"},
		"only the archive's is": {mux("/index.yaml", index("x/coder-1.21.7.tgz", listed), away), "it redirects from https to http://"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(test.handler)
			t.Cleanup(server.Close)
			client := server.Client()
			client.CheckRedirect = safely
			_, err := fromRepository(ChartRef{Name: "coder", Repo: server.URL, Version: "1.21.7"}, client)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// mux serves one path with one handler, and everything else with another.
func mux(path string, one, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			one.ServeHTTP(w, r)
			return
		}
		other.ServeHTTP(w, r)
	})
}

func served(t *testing.T, url string) []byte {
	t.Helper()
	content, err := get(url, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// For a registry on loopback, the client uses HTTP or HTTPS as the registry does.
func TestRegistryOnLoopback(t *testing.T) {
	images := chartImages(t, newChart("1.21.7"))
	secure := httptest.NewTLSServer(images)
	t.Cleanup(secure.Close)
	for name, test := range map[string]struct {
		url    string
		client *http.Client
		want   string
	}{
		"TLS":                     {secure.URL, secure.Client(), ""},
		"TLS that is not trusted": {secure.URL, http.DefaultClient, "certificate"},
		"plain HTTP":              {serve(t, images), http.DefaultClient, ""},
	} {
		t.Run(name, func(t *testing.T) {
			reference := "oci" + strings.TrimLeft(test.url, "htps") + "/charts/coder"
			_, err := fromRegistry(ChartRef{Name: reference, Version: "1.21.7"}, test.client)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestLoadChartEnded proves that a download ends with its context, wherever the server hangs, and
// that the error says why.
func TestLoadChartEnded(t *testing.T) {
	enough := errors.New("the operator has had enough")
	charts, images := chartFiles(t, newChart("1.21.7")), chartImages(t, newChart("1.21.7"))
	inRepository := func(url string) ChartRef { return ChartRef{Name: "coder", Repo: url, Version: "1.21.7"} }
	inRegistry := func(url string) ChartRef { return ChartRef{Name: ociReference(url), Version: "1.21.7"} }
	for name, test := range map[string]struct {
		stuck string // the server hangs at requests whose path contains this
		from  http.Handler
		ref   func(url string) ChartRef
	}{
		"index":    {"index.yaml", charts, inRepository},
		"archive":  {".tgz", charts, inRepository},
		"manifest": {"/manifests/", images, inRegistry},
		"blob":     {"/blobs/", images, inRegistry},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			ref := test.ref(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, test.stuck) {
					test.from.ServeHTTP(w, r)
					return
				}
				cancel(enough)
				<-r.Context().Done()
			})))
			if _, err := LoadChart(ctx, ref); !errors.Is(err, enough) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestLoadChartEndless proves that a server that never stops sending cannot fill the memory.
func TestLoadChartEndless(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		more := bytes.Repeat([]byte("# more\n"), 1<<16)
		for {
			if _, err := w.Write(more); err != nil {
				return
			}
		}
	}))
	_, err := LoadChart(t.Context(), ChartRef{Name: "coder", Repo: url, Version: "1.21.7"})
	if err == nil || !strings.Contains(err.Error(), "the answer is longer than 64 MiB") {
		t.Errorf("error %v", err)
	}
}

func TestCompatible(t *testing.T) {
	c := &Chart{Chart: newChart("1.22.0")}
	for version, fits := range map[string]bool{"v1.18.20": false, "v1.19.0": true, "v1.37.2": true, "v1.29.3-gke.1": true} {
		if err := Compatible(c, version); (err == nil) != fits {
			t.Errorf("%s: %v", version, err)
		}
	}
	c.Metadata.KubeVersion = ""
	if err := Compatible(c, "v1.0.0"); err != nil {
		t.Error(err)
	}
}
