package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// Main runs the command line and returns the process's exit code. Errors go to
// the error stream, each on lines of its own; they may quote what an API says,
// and so are made safe for a terminal.
func Main(ctx context.Context, env Environment, args []string) int {
	root := NewRoot(env)
	root.SetArgs(args)
	code, message := ExitCode(root.ExecuteContext(ctx))
	if code == exitFailed && errors.Is(context.Cause(ctx), migration.ErrInterrupted) {
		code = exitInterrupted
	}
	if message != "" {
		_, _ = fmt.Fprintln(env.ErrOut, "error: "+printer.Escape(message))
	}
	return code
}
