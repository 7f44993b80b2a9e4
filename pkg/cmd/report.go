package cmd

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

type reportOptions struct {
	env    Environment
	names  []string // files with documents and events; - is standard input
	format string   // to print; empty for nothing
	files  reportFiles
	merge  bool // the files are of several machines
}

func newReport(env Environment, run func(context.Context, reportOptions) error) *cobra.Command {
	o := reportOptions{env: env}
	cmd := documented("report FILE...")
	cmd.Args, cmd.ValidArgsFunction = cobra.ArbitraryArgs, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	cmd.Flags().StringVarP(&o.format, "output", "o", "", "print as html, junit, markdown or prometheus (default markdown, without --report)")
	cmd.Flags().BoolVar(&o.merge, "merge", false, "the files, also logs of pods, hold documents of several machines (--shard): join them; -o json prints what they make")
	_ = cmd.RegisterFlagCompletionFunc("output", words(report.Formats()...))
	o.files.addTo(cmd)
	cmd.AddCommand(newServe(env, runServe), newNotice(env, runNotice))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch o.names = args; {
		case len(args) == 0:
			return usagef("name the files to report on: what -o json and --events wrote, or - for standard input")
		case o.format == "" && len(o.files) == 0:
			o.format = "markdown"
		case o.format == "json" && o.merge:
		case o.format != "" && !slices.Contains(report.Formats(), o.format):
			return usagef("-o %q: choose one of %v", o.format, report.Formats())
		}
		if err := o.files.check(); err != nil {
			return err
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func runReport(_ context.Context, o reportOptions) error {
	r := report.Report{Several: o.merge}
	if err := readReport(o.env, &r, o.names...); err != nil {
		return err
	}
	if o.merge {
		if err := r.Merge(rollout.Outcome); err != nil {
			return usagef("these files cannot be merged: %w", err)
		}
		if r.Done != nil {
			r.Done.ExitCode = exitFor(r.Done.Outcome)
		}
	}
	return o.print(&r)
}

func (o *reportOptions) print(r *report.Report) (err error) {
	switch {
	case o.format == "json" && r.Done != nil:
		err = printJSON(r.Done, o.env.Out)
	case o.format == "json":
		err = printJSON(r.Status, o.env.Out)
	case o.format != "":
		err = r.Write(o.env.Out, o.format)
	}
	return cmp.Or(err, o.files.write(r))
}

const maxDocument = 64 << 20

func readReport(env Environment, r *report.Report, names ...string) error {
	for _, name := range names {
		data, err := env.read(name, maxDocument)
		if err == nil {
			err = r.Read(data)
		}
		if err != nil {
			return usagef("cannot report on %s: %w", name, err)
		}
	}
	return nil
}

// read reads a file of up to limit bytes; - is standard input.
func (e Environment) read(name string, limit int64) ([]byte, error) {
	return fleet.Read(name, e.In, limit)
}
