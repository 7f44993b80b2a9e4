package cmd

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"

	"k8s.io/client-go/transport"
	"k8s.io/klog/v2"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// Main runs the command line and returns its exit code: after a crash 1, which does not read as pending changes.
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

// checked keeps the first failed write, which cobra ignores.
type checked struct {
	io.Writer
	err error
}

func (c *checked) Write(data []byte) (int, error) {
	n, err := c.Writer.Write(data)
	c.err = cmp.Or(c.err, err)
	return n, err
}

// maxVerbosity is the highest log level: above it, client-go logs whole answers.
const maxVerbosity = 7

// LogTo sends the log of client-go and klog, one for the process, to w, up to the level; 0 is errors and warnings.
func LogTo(w io.Writer, level int) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "one_output": "true", "stderrthreshold": "FATAL", "v": strconv.Itoa(level)} {
		_ = flags.Set(name, value) // these flags exist
	}
	klog.SetOutput(w)
}

// logged logs requests to Coder as client-go does, but never headers: client-go masks only those of Kubernetes.
func logged(next http.RoundTripper) http.RoundTripper {
	if !klog.V(6).Enabled() {
		return next
	}
	return transport.NewDebuggingRoundTripper(next, transport.DebugURLTiming)
}
