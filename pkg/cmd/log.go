package cmd

import (
	"flag"
	"io"
	"net/http"
	"strconv"

	"k8s.io/client-go/transport"
	"k8s.io/klog/v2"
)

// maxVerbosity is the highest log level: above it, client-go logs whole answers.
const maxVerbosity = 7

// LogTo has client-go's log, which is klog's and the process's only one, written up to the
// level, 0 for errors and warnings only.
func LogTo(w io.Writer, level int) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL", "v": strconv.Itoa(level)} {
		_ = flags.Set(name, value) // these flags exist
	}
	klog.SetOutput(w)
}

// logged logs requests to Coder as client-go does those to clusters, but never their
// headers: it masks only those of Kubernetes.
func logged(next http.RoundTripper) http.RoundTripper {
	if !klog.V(6).Enabled() {
		return next
	}
	return transport.NewDebuggingRoundTripper(next, transport.DebugURLTiming)
}
