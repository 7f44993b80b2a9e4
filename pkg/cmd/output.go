package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// documentPrinter prints one document on the output stream.
type documentPrinter func(runtime.Object) error

// outputFlag defines the flag -o. What it returns gives the printer of the format.
func outputFlag(env Environment, cmd *cobra.Command, format *string) func() (documentPrinter, error) {
	cmd.Flags().StringVarP(format, "output", "o", "",
		"output format: json, yaml, name, wide, jsonpath=..., go-template=..., custom-columns=...")
	// the flag was just defined, so that there is nothing to go wrong
	_ = cmd.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions(printer.Formats(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	return func() (documentPrinter, error) {
		p, err := printer.New(*format, env.text(env.Out))
		return func(document runtime.Object) error { return p.PrintObj(document, env.Out) }, usage(err)
	}
}

// printPlan shows a plan to the operator, beside the document that is asked for; in the
// wide form if that one is.
func printPlan(env Environment, plan runtime.Object, format string) error {
	options := env.text(env.ErrOut)
	options.Ahead = true
	if format != "wide" {
		format = ""
	}
	p, err := printer.New(format, options)
	if err != nil {
		return err
	}
	return p.PrintObj(plan, env.ErrOut)
}

// newProgress shows to the operator the progress of so many regions, or of workspaces; as
// plain lines if it is quiet.
func newProgress(env Environment, regions int, workspaces, quiet bool) *printer.Progress {
	width, color := env.terminal(env.ErrOut)
	return printer.NewProgress(env.ErrOut, printer.ProgressOptions{
		Terminal: !quiet && isTerminal(env.ErrOut) && env.Getenv("TERM") != "dumb", Width: width, Color: color, Total: regions, Workspaces: workspaces,
	})
}
