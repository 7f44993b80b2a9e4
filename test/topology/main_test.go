// Package topology runs the built plugin on the topologies in Coder's documentation: a satellite
// in its own cluster, several providers in one cluster or in several, and the built-in provider.
package topology

import (
	"fmt"
	"os"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// lab is shared by the tests of this package, which run one after the other. Each leaves its
// regions as reset does.
var lab *inlab.Lab

func TestMain(m *testing.M) {
	var err error
	if lab, err = inlab.Up("--topology", "all", "--build-time", "300ms"); err != nil {
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
