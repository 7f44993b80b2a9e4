package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"k8s.io/klog/v2"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// Main runs the command line and returns the process's exit code. Errors go to
// the error stream, each on lines of its own; they may quote what an API says,
// and so are made safe for a terminal. A crash is a failure like any other, so that
// nobody takes it for pending changes (2).
func Main(ctx context.Context, env Environment, args []string) (code int) {
	defer func() {
		if crash := recover(); crash != nil {
			code = exitFailed
			_, _ = fmt.Fprintf(env.ErrOut, "error: the plugin crashed, which is a bug: %s\n"+
				"Please report it at https://github.com/coder-satellite/kubectl-coder-satellite/issues, with the output of the same command with -v=1.\n",
				printer.Escape(fmt.Sprint(crash)))
			if klog.V(1).Enabled() {
				_, _ = fmt.Fprint(env.ErrOut, printer.Escape(string(debug.Stack())))
			}
		}
	}()
	root, out := NewRoot(env), &checked{Writer: env.Out}
	root.SetOut(out)
	root.SetArgs(args)
	code, message := ExitCode(cmp.Or(root.ExecuteContext(ctx), out.err))
	if code == exitFailed && errors.Is(context.Cause(ctx), migration.ErrInterrupted) {
		code = exitInterrupted
	}
	if message != "" {
		_, _ = fmt.Fprintln(env.ErrOut, "error: "+printer.Escape(message))
	}
	return code
}

// checked notes the first write that fails: cobra ignores it.
type checked struct {
	io.Writer
	err error
}

// Write implements io.Writer.
func (c *checked) Write(data []byte) (int, error) {
	n, err := c.Writer.Write(data)
	c.err = cmp.Or(c.err, err)
	return n, err
}
