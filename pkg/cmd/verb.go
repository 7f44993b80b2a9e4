package cmd

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// verb completes a command that takes flags only. check validates o and sets derived fields; run acts on it.
func verb[O any](cmd *cobra.Command, run func(context.Context, O) error, o *O, check func() error) *cobra.Command {
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := check(); err != nil {
			return err
		}
		return run(cmd.Context(), *o)
	}
	return cmd
}

// connected returns the action of a verb that begins by opening the clients.
func connected[O interface{ connect() (*connection, error) }](act func(context.Context, O, *connection) error) func(context.Context, O) error {
	return func(ctx context.Context, o O) error {
		c, err := o.connect()
		if err != nil {
			return err
		}
		return act(ctx, o, c)
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes flags only, not %q; see `%s --help`", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

func positive(flag string, value time.Duration) error {
	return refuse(value <= 0, "%s is %s: it must be more than 0", flag, value)
}

func notNegative(flag string, limit time.Duration) error {
	return refuse(limit < 0, "%s is %s: it must be 0, for no limit, or more", flag, limit)
}

type documentOptions struct {
	targets
	print   func(runtime.Object) error
	format  string
	reports reportFiles
}

// addTo defines the flags. The result checks them, the format first.
func (o *documentOptions) addTo(env Environment, cmd *cobra.Command, verb needs) func() error {
	newPrinter, check := outputFlag(env, cmd, &o.format), o.targets.addTo(env, cmd, verb)
	if verb.reports {
		o.reports.addTo(cmd)
	}
	return func() (err error) {
		if o.print, err = newPrinter(); err != nil {
			return err
		}
		return errors.Join(check(), o.reports.check())
	}
}

// end prints the verb's document, and returns the error for its outcome's exit code.
func (o *documentOptions) end(document runtime.Object, outcome v1alpha1.Outcome) error {
	return cmp.Or(o.print(document), ended(outcome))
}

// outputFlag defines -o. The result makes the printer.
func outputFlag(env Environment, cmd *cobra.Command, format *string) func() (func(runtime.Object) error, error) {
	cmd.Flags().StringVarP(format, "output", "o", "",
		"output format: json, yaml, name, wide, jsonpath=..., go-template=..., custom-columns=...")
	headless := cmd.Flags().Bool("no-headers", false, "leave out the titles of columns")
	_ = cmd.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions(printer.Formats(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	return func() (func(runtime.Object) error, error) {
		options := env.text(env.Out)
		options.NoHeaders = *headless
		p, err := printer.New(*format, options)
		return func(document runtime.Object) error { return p.PrintObj(document, env.Out) }, usage(err)
	}
}

// printPlan shows a plan to the operator on the error stream; wide if the document is.
func printPlan(env Environment, plan runtime.Object, format string) error {
	options := env.text(env.ErrOut)
	options.Ahead = true
	p, err := printer.New(map[string]string{"wide": "wide"}[format], options)
	if err != nil {
		return err
	}
	return p.PrintObj(plan, env.ErrOut)
}

// newProgress returns the progress display of so many regions, or of workspaces; plain lines if quiet.
func newProgress(env Environment, regions int, workspaces, quiet bool) *printer.Progress {
	options := printer.ProgressOptions{Color: env.text(env.ErrOut).Color, Total: regions, Workspaces: workspaces}
	if !quiet && env.redraws(env.ErrOut) {
		options.Size = func() (columns, rows int) { return sizeOf(env.ErrOut) }
	}
	return printer.NewProgress(env.ErrOut, options)
}
