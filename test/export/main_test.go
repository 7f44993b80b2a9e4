// Package export tries what `export` writes: on a real API server with the real definitions of Flux and Argo CD, and with
// the real Helm on a satellite that the plugin installed. `make test-export` runs it.
package export

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// lab has one region, sydney.
var lab *inlab.Lab

func TestMain(m *testing.M) {
	if _, set := os.LookupEnv("CODER_SATELLITE_CRDS"); !set {
		fmt.Println("skipped: CODER_SATELLITE_CRDS does not name the definitions of Flux and Argo CD; run `make test-export`")
		return
	}
	var err error
	if lab, err = inlab.Up("--build-time", "300ms", "--regions", "sydney"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := lab.Down(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs a command of the lab, and fails the test unless it ends well.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	result := lab.Run(t.Context(), nil, name, args...)
	if result.Code != 0 {
		t.Fatalf("%s %s: %s", name, strings.Join(args, " "), result)
	}
	return strings.TrimSuffix(result.Stdout, "\n")
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "kubectl", append([]string{"--context", "sydney"}, args...)...)
}

func plugin(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "kubectl", append([]string{"coder-satellite"}, args...)...)
}

// write writes a file of the test's own, and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
