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

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const head = "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n"

func TestReadFile(t *testing.T) {
	valid := func(elem ...string) string { return filepath.Join(append([]string{"testdata", "valid"}, elem...)...) }
	defaultChart := v1alpha1.Chart{Repo: fleet.DefaultChartRepo, Name: fleet.DefaultChartName}
	plain := func(name string, chart v1alpha1.Chart) fleet.Region {
		return fleet.Region{Name: name, Context: "ctx-" + name, Namespace: "coder-satellite", Release: "coder-satellite",
			AccessURL: "https://" + name + ".example.com", Canary: fleet.CanaryAuto, Chart: chart}
	}
	unified := func(region fleet.Region) fleet.Region {
		region.UnifiedURL = "https://coder-global.example.com"
		return region
	}
	full := v1alpha1.Chart{Repo: "https://charts.example.com", Name: "coder", Version: "1.20"}
	tests := map[string]*fleet.Fleet{
		"full.yaml": {
			CoderURL: "https://coder.example.com", CAFile: valid("ca.pem"),
			Regions: []fleet.Region{
				{Name: "sydney", Context: "gke_acme_australia-southeast1", Namespace: "satellites", Release: "coder-satellite",
					AccessURL: "https://coder-sydney.example.com", Provider: "sydney",
					ValueFiles: []string{valid("common.yaml"), valid("sydney.yaml")}, ConnectTo: "203.0.113.7:443", Canary: "canary-sydney", Chart: full},
				{Name: "london", Context: "london", Namespace: "other", Release: "sat.v1", AccessURL: "http://127.0.0.1:8080",
					ValueFiles: []string{valid("common.yaml")}, Canary: fleet.CanaryNone, Chart: full},
				{Name: "ohio", Context: "ohio", Namespace: "satellites", Release: "coder-satellite", AccessURL: "https://coder-ohio.example.com",
					ValueFiles: []string{valid("common.yaml")}, Canary: fleet.CanaryAuto, Chart: full},
			},
			Waves: [][]string{{"sydney"}, {"london", "ohio"}}, MaxParallel: 2, MaxFailures: 1,
		},
		"minimal.yaml": {
			Regions: []fleet.Region{plain("a", defaultChart), plain("b", defaultChart), plain("c", defaultChart)},
			Waves:   [][]string{{"a"}, {"b", "c"}}, MaxParallel: 4,
		},
		"unified.yaml": {
			CoderURL: "https://coder.example.com",
			Regions:  []fleet.Region{unified(plain("a", defaultChart)), unified(plain("b", defaultChart))},
			Waves:    [][]string{{"a"}, {"b"}}, MaxParallel: 4,
		},
		"localchart.yaml": {
			Regions: []fleet.Region{plain("a", v1alpha1.Chart{Name: valid("charts", "coder")})},
			Waves:   [][]string{{"a"}}, MaxParallel: 4,
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := fleet.ReadFile(valid(name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fleet (-want +got):\n%s", diff)
			}
		})
	}
}

// Every file in testdata/invalid has its error beside it.
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
	if region, ok := got.Region("a"); !ok || region.Context != "b" {
		t.Errorf("got %+v", got)
	}
	if _, ok := got.Region("b"); ok {
		t.Error("found a region that is not there")
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
	if err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("got %v", err)
	}
}

// Aliases may multiply a small file into a huge fleet.
func TestReadFileAliasBomb(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(head + "regions: []\nrollout:\n  waves:\n  - &w [" + strings.Repeat("a,", 20000) + "a]\n")
	b.WriteString(strings.Repeat("  - *w\n", 20000))
	_, err := fleet.ReadFile(fleet.Stdin, &b)
	if err == nil || !strings.Contains(err.Error(), "aliases") {
		t.Errorf("got %.200v", err)
	}
}
