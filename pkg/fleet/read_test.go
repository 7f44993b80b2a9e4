package fleet_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const head = "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n"

func TestReadFile(t *testing.T) {
	valid := func(elem ...string) string { return filepath.Join(append([]string{"testdata", "valid"}, elem...)...) }
	defaultChart := v1alpha1.Chart{Repo: fleet.DefaultChartRepo, Name: fleet.DefaultChartName}
	region := func(name, context string, chart v1alpha1.Chart) fleet.Region {
		return fleet.Region{
			Name: name, Providers: []fleet.Provider{{Context: context, Canary: fleet.CanaryAuto}},
			Satellite: fleet.Satellite{
				Context: context, Namespace: "coder-satellite", Release: "coder-satellite", AccessURL: "https://" + name + ".example.com", Chart: chart,
			},
		}
	}
	plain := func(name string, chart v1alpha1.Chart) fleet.Region { return region(name, "ctx-"+name, chart) }
	with := func(region fleet.Region, change func(*fleet.Region)) fleet.Region {
		change(&region)
		return region
	}
	unified := func(r fleet.Region) fleet.Region {
		return with(r, func(r *fleet.Region) { r.Satellite.UnifiedURL = "https://coder-global.example.com" })
	}
	full := v1alpha1.Chart{Repo: "https://charts.example.com", Name: "coder", Version: "1.20"}
	coder := func(name, context string) fleet.Region { return region("coder-"+name, context, defaultChart) }
	tests := map[string]*fleet.Fleet{
		"full.yaml": {
			CoderURL: "https://coder.example.com", CAFile: valid("ca.pem"),
			Regions: []fleet.Region{
				with(region("coder-sydney", "gke_acme_australia-southeast1", full), func(r *fleet.Region) {
					r.Name, r.Satellite.Namespace, r.Satellite.ConnectTo = "sydney", "satellites", "203.0.113.7:443"
					r.Satellite.ValueFiles = []string{valid("common.yaml"), valid("sydney.yaml")}
					r.Providers[0].Name, r.Providers[0].Canary = "sydney", "canary-sydney"
				}),
				with(region("london", "london", full), func(r *fleet.Region) {
					r.Satellite.Namespace, r.Satellite.Release, r.Satellite.AccessURL = "other", "sat.v1", "http://127.0.0.1:8080"
					r.Satellite.ValueFiles, r.Providers[0].Canary = []string{valid("common.yaml")}, fleet.CanaryNone
					r.Labels = map[string]string{"continent": "emea"}
				}),
				with(region("coder-ohio", "ohio", full), func(r *fleet.Region) {
					r.Name, r.Satellite.Namespace, r.Satellite.ValueFiles = "ohio", "satellites", []string{valid("common.yaml")}
				}),
			},
			Home:  fleet.Home{Context: "main", Namespace: "satellites"},
			Waves: pacedWaves(t), MaxParallel: 2, MaxFailures: 1,
		},
		"minimal.yaml": {
			Regions: []fleet.Region{plain("a", defaultChart), plain("b", defaultChart), plain("c", defaultChart)},
			Waves:   wavesOfTen([]string{"a"}, []string{"b", "c"}), MaxParallel: 10,
		},
		"providers.yaml": {
			CoderURL: "https://coder.example.com",
			Regions: []fleet.Region{
				with(coder("sydney", "gke_acme_sydney"), func(r *fleet.Region) { r.Name, r.Labels = "sydney", map[string]string{"continent": "apac"} }),
				with(coder("london", "gke_acme_london_edge"), func(r *fleet.Region) {
					r.Name, r.Providers = "london", []fleet.Provider{
						{Name: "london", Context: "gke_acme_london_a", Canary: fleet.CanaryAuto},
						{Name: "london-restricted", Context: "gke_acme_london_b", Canary: "canary-r"},
					}
				}),
				with(coder("paris", "gke_acme_paris"), func(r *fleet.Region) {
					r.Name, r.Providers = "paris", []fleet.Provider{
						{Name: "paris-1", Context: "gke_acme_paris", Canary: fleet.CanaryAuto},
						{Name: "paris-2", Context: "gke_acme_paris", Canary: fleet.CanaryNone},
					}
				}),
				with(coder("paris-two", "gke_acme_paris"), func(r *fleet.Region) {
					r.Name, r.Satellite.Namespace, r.Satellite.ManagedBy, r.Providers[0].Name = "paris-two", "coder-satellite-two", fleet.SatelliteFlux, "paris-3"
				}),
				{Name: "headquarters", Providers: []fleet.Provider{{Name: "built-in", Context: "gke_acme_main", Canary: fleet.CanaryAuto}}},
			},
			Waves: wavesOfTen([]string{"sydney"}, []string{"london", "paris", "paris-two", "headquarters"}), MaxParallel: 10,
		},
		"unified.yaml": {
			CoderURL: "https://coder.example.com",
			Regions:  []fleet.Region{unified(plain("a", defaultChart)), unified(plain("b", defaultChart))},
			Waves:    wavesOfTen([]string{"a"}, []string{"b"}), MaxParallel: 10,
		},
		"localchart.yaml": {
			Regions: []fleet.Region{plain("a", v1alpha1.Chart{Name: valid("charts", "coder")})},
			Waves:   wavesOfTen([]string{"a"}), MaxParallel: 10,
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := fleet.ReadFile(valid(name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(fleet.Fleet{}), cmpopts.IgnoreFields(fleet.Wave{}, "All", "Flags"), cmp.Comparer(sameZone)); diff != "" {
				t.Errorf("fleet (-want +got):\n%s", diff)
			}
		})
	}
}

// Every file in testdata/invalid has its expected error in a file next to it.
func TestReadFileErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	t.Chdir("testdata/invalid")
	for _, file := range files {
		file = filepath.Base(file)
		t.Run(file, func(t *testing.T) {
			got, err := fleet.ReadFile(file, nil)
			if err == nil {
				t.Fatalf("no error, but %+v", got)
			}
			var fieldError *fleet.FieldError
			if !errors.As(err, &fieldError) {
				t.Errorf("no FieldError in %T", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats a password: %v", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".error", []byte(err.Error()+"\n"))
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestReadStdin(t *testing.T) {
	body := head + "regions: [{name: a, context: b, accessURL: 'https://a.example.com'}]\n"
	got, err := fleet.ReadFile(fleet.Stdin, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Regions) != 1 || got.Regions[0].Name != "a" || got.Regions[0].Satellite.Context != "b" {
		t.Errorf("got %+v", got)
	}
	_, err = fleet.ReadFile(fleet.Stdin, strings.NewReader(body+"x: y\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "standard input:4: x: unknown field") {
		t.Errorf("got %v", err)
	}
}

func TestReadFileCannotBeRead(t *testing.T) {
	if _, err := fleet.ReadFile("testdata/nowhere.yaml", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	broken := errors.New("broken pipe")
	if _, err := fleet.ReadFile(fleet.Stdin, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := fleet.ReadFile(fleet.Stdin, nil); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("got %v", err)
	}
}

func TestReadFileTooLarge(t *testing.T) {
	big := head + "# " + strings.Repeat("x", 1<<20) + "\n"
	_, err := fleet.ReadFile(fleet.Stdin, strings.NewReader(big))
	if err == nil || !strings.Contains(err.Error(), "cannot be read: it is longer than 1 MiB") {
		t.Errorf("got %v", err)
	}
}

// Aliases could expand a small file into a huge fleet.
func TestReadFileAliasBomb(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(head + "regions: []\nrollout:\n  waves:\n  - &w {regions: [" + strings.Repeat("a,", 20000) + "a]}\n")
	b.WriteString(strings.Repeat("  - *w\n", 20000))
	_, err := fleet.ReadFile(fleet.Stdin, &b)
	if err == nil || !strings.Contains(err.Error(), "aliases") {
		t.Errorf("got %.200v", err)
	}
}
