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
	headless := cmd.Flags().Bool("no-headers", false, "leave out the titles of columns")
	// the flag was just defined, so that there is nothing to go wrong
	_ = cmd.RegisterFlagCompletionFunc("output",
		cobra.FixedCompletions(printer.Formats(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	return func() (documentPrinter, error) {
		options := env.text(env.Out)
		options.NoHeaders = *headless
		p, err := printer.New(*format, options)
		return func(document runtime.Object) error { return p.PrintObj(document, env.Out) }, usage(err)
	}
}

// printPlan shows a plan to the operator, beside the document that is asked for; in the wide form if that one is.
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

// newProgress shows to the operator the progress of so many regions, or of workspaces; as plain lines if it is quiet.
func newProgress(env Environment, regions int, workspaces, quiet bool) *printer.Progress {
	_, color := env.terminal(env.ErrOut)
	options := printer.ProgressOptions{Color: color, Total: regions, Workspaces: workspaces}
	if !quiet && env.redraws(env.ErrOut) {
		options.Size = func() (columns, rows int) { return sizeOf(env.ErrOut) }
	}
	return printer.NewProgress(env.ErrOut, options)
}
