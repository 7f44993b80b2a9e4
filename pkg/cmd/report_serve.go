package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
)

type serveOptions struct {
	reportOptions // names the documents beside the events
	events        string
	port          uint16
}

func newServe(env Environment, run func(context.Context, serveOptions) error) *cobra.Command {
	o := serveOptions{reportOptions: reportOptions{env: env}}
	cmd := documented("serve --events FILE [FILE...]")
	cmd.Args, cmd.ValidArgsFunction = cobra.ArbitraryArgs, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	cmd.Flags().StringVar(&o.events, "events", "", "file that the run's --events names; it need not be there yet")
	cmd.Flags().Uint16Var(&o.port, "port", 0, "port on 127.0.0.1 (default: one that is free)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.names = args; o.events == "" || slices.Contains(append(args, o.events), fleet.Stdin) {
			return usagef("name the file of the run's events with --events; standard input cannot be read again")
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func runServe(ctx context.Context, o serveOptions) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", o.port))
	if err != nil {
		return usagef("--port %d cannot be used: %w", o.port, err)
	}
	server := &http.Server{Handler: http.HandlerFunc(o.serve), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	_, _ = fmt.Fprintf(o.env.Out, "Open http://%s in a browser on this machine. Ctrl-C ends it.\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return &exitError{code: exitInterrupted}
}

// serve answers only for this machine's own name, so that no other site whose name leads here (DNS rebinding) reads it.
func (o *serveOptions) serve(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.Host)
	if host = cmp.Or(host, r.Host); host != "127.0.0.1" && host != "localhost" {
		http.Error(w, "this page is served to this machine alone, as 127.0.0.1 or localhost", http.StatusMisdirectedRequest)
		return
	}
	if r.URL.Path != "/" || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
	} {
		w.Header().Set(name, value)
	}
	live, names := report.Report{Live: true, Refresh: !r.URL.Query().Has("still")}, o.names
	if info, err := os.Stat(o.events); err == nil && info.Size() > 0 { // otherwise the run has not begun
		names = append([]string{o.events}, names...)
	}
	var page bytes.Buffer
	err := readReport(o.env, &live, names...)
	if err == nil {
		err = live.Write(&page, "html")
	}
	if err != nil {
		w.Header().Set("Refresh", "3") // a file may be in the middle of being written
		http.Error(w, printer.Escape(err.Error()), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}
