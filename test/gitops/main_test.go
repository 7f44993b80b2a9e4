// Package gitops runs the built plugin beside the real helm-controller of Flux, in a lab of real API servers.
// It needs the binaries that `make test-gitops` builds.
package gitops

import (
	"fmt"
	"os"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// lab is shared by the tests of this package, which run one after the other, each on a region of its own: what is left of
// that goes with the lab, so they cannot run twice in one.
var lab *inlab.Lab

func TestMain(m *testing.M) {
	var err error
	if lab, err = inlab.Up("--regions", "sydney,london,ohio", "--build-time", "300ms"); err != nil {
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
