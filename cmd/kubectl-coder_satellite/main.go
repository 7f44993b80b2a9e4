// Command kubectl-coder_satellite is the kubectl plugin coder-satellite.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cmd"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// Set by the linker.
var (
	version string
	commit  string
)

func main() {
	cmd.LogTo(io.Discard, 0) // what client-go logs comes back as an error, too
	dumpNoCore()
	debug.SetTraceback("crash") // a crash beside the main goroutine ends with SIGABRT, never with 2
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // for a thousand regions: a fifth less memory for a twentieth more time
	}
	ctx, interrupt := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// Whoever reads the output may be gone before the run is: a pipe's end must
	// not kill it in the middle of a step. Writes then fail with an error.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		<-signals
		interrupt(migration.ErrInterrupted)
		<-signals
		os.Exit(130) // the second signal does not wait; the next run continues
	}()
	os.Exit(cmd.Main(ctx, cmd.Environment{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:    os.Getenv,
		Clock:     clock.RealClock{},
		Build:     cmd.Build{Version: version, Commit: commit},
	}, os.Args[1:]))
}
