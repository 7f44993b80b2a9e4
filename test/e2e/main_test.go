// Package e2e runs the built plugin through the real kubectl, together with the real Helm, in a
// lab of real API servers.
package e2e

import (
	"fmt"
	"os"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// lab is shared by the tests of this package, which run one after the other. Each leaves its
// region as a rollback with --remove-satellite does.
var lab *inlab.Lab

func TestMain(m *testing.M) {
	var err error
	if lab, err = inlab.Up("--build-time", "300ms"); err != nil {
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
