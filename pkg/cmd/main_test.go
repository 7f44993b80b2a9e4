package cmd

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// The scripts run the test's own binary under the plugin's name.
func TestMain(m *testing.M) {
	testscript.Main(leakFree{m}, map[string]func(){"kubectl-coder_satellite": plugin})
}

// plugin is main without the handling of signals.
func plugin() {
	os.Exit(Main(context.Background(), Environment{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:    os.Getenv, Clock: clock.RealClock{}, Build: Build{Version: "v0.0.0-test"},
	}, os.Args[1:]))
}

// leakFree fails if the tests leave goroutines behind.
type leakFree struct{ m *testing.M }

func (l leakFree) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
