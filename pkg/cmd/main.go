package cmd

import (
	"context"
	"fmt"
)

// Main runs the command line and returns the process's exit code. Errors go to
// the error stream, each on lines of its own.
func Main(ctx context.Context, env Environment, args []string) int {
	root := NewRoot(env)
	root.SetArgs(args)
	code, message := ExitCode(root.ExecuteContext(ctx))
	if message != "" {
		_, _ = fmt.Fprintln(env.ErrOut, "error: "+message)
	}
	return code
}
