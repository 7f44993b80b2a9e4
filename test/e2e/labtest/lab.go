package labtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Options are how a lab is to be. Zero values leave it to the lab: three
// regions, a primary of the first version with satellites, builds of a second.
type Options struct {
	Regions        []string
	PrimaryVersion string
	BuildTime      time.Duration
}

// Lab is a lab that is up. Its exported fields are those of the lab's lab.json.
type Lab struct {
	// Dir is the lab's folder: env, fleet.yaml, common.yaml, kubeconfig, charts.
	Dir string `json:"dir"`
	// PID is the process that the lab lives and dies with.
	PID            int    `json:"pid"`
	PrimaryVersion string `json:"primaryVersion"`
	PrimaryURL     string `json:"primaryURL"`
	ControlURL     string `json:"controlURL"`
	RepoURL        string `json:"repoURL"`
	// KubeconfigFile has one context per region, named like it.
	KubeconfigFile string `json:"kubeconfig"`
	// CAFile is the authority that issued every certificate of the lab.
	CAFile string `json:"caFile"`
	// TokenFiles hold tokens of Coder by role: manager, member, expired.
	TokenFiles map[string]string `json:"tokenFiles"`
	Regions    []Region          `json:"regions"`

	binary string
	env    []string
}

// Region is one region of a lab.
type Region struct {
	Name string `json:"name"`
	// Server is the URL of the region's API server.
	Server      string `json:"server"`
	AccessURL   string `json:"accessURL"`
	EnvproxyURL string `json:"envproxyURL"`
	// AuditLog is a file with one JSON event a line.
	AuditLog string `json:"auditLog"`
}

// Start brings a lab up for a test, and takes it down when the test ends.
func Start(t testing.TB, options Options) *Lab {
	t.Helper()
	lab, err := Up(t.Context(), filepath.Join(t.TempDir(), "lab"), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(); err != nil {
			t.Error(err)
		}
	})
	return lab
}

// Up brings a lab up in dir, for a TestMain whose tests share it. It returns
// when everything is ready. The caller takes it down; a lab that did not come
// up is taken down before the error, which has the end of its log, returns.
func Up(ctx context.Context, dir string, options Options) (*Lab, error) {
	binary, err := Binary("coder-satellite-lab")
	if err != nil {
		return nil, err
	}
	args := []string{"up", "--dir", dir}
	if len(options.Regions) > 0 {
		args = append(args, "--regions", strings.Join(options.Regions, ","))
	}
	if options.PrimaryVersion != "" {
		args = append(args, "--primary-version", options.PrimaryVersion)
	}
	if options.BuildTime > 0 {
		args = append(args, "--build-time", options.BuildTime.String())
	}
	lab := &Lab{Dir: dir, binary: binary}
	if output, err := exec.CommandContext(ctx, binary, args...).CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("the lab did not come up: %w\n%s", err, output), lab.Down())
	}
	data, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err == nil {
		err = json.Unmarshal(data, lab)
	}
	if err == nil {
		lab.env, err = sourced(ctx, filepath.Join(dir, "env"))
	}
	if err != nil {
		return nil, errors.Join(err, lab.Down())
	}
	return lab, nil
}

// Down takes the lab down. Nothing of it is left afterwards.
func (l *Lab) Down() error {
	if output, err := exec.Command(l.binary, "down", "--dir", l.Dir).CombinedOutput(); err != nil {
		return fmt.Errorf("the lab in %s did not go down: %w\n%s", l.Dir, err, output)
	}
	return nil
}

// Region returns the region of that name; the test fails if there is none.
func (l *Lab) Region(t testing.TB, name string) Region {
	t.Helper()
	for _, region := range l.Regions {
		if region.Name == name {
			return region
		}
	}
	t.Fatalf("the lab has no region %q", name)
	return Region{}
}

// Path returns a path in the lab's folder.
func (l *Lab) Path(elements ...string) string {
	return filepath.Join(append([]string{l.Dir}, elements...)...)
}

// Binary returns the path of a program in the repository's bin folder, where
// `make` puts what it builds.
func Binary(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the tests do not run inside the repository")
		}
		dir = parent
	}
	program := filepath.Join(dir, "bin", name)
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("build it first: make bin/%s: %w", name, err)
	}
	return program, nil
}
