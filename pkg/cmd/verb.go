package cmd

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// verb completes the command of a verb that takes flags only: options checks the
// flags and returns their value, complete, and run is the one call that acts on it.
func verb[O any](cmd *cobra.Command, run func(context.Context, O) error, options func() (O, error)) *cobra.Command {
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := options()
		if err != nil {
			return err
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

// noArgs refuses arguments that are no flags, saying so.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes flags only, not %q; see `%s --help`", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

// positive refuses a time of a flag that leaves none.
func positive(flag string, value time.Duration) error {
	if value <= 0 {
		return usagef("%s is %s: it must be more than 0", flag, value)
	}
	return nil
}

// documentOptions is the complete value of the flags of a verb that prints a
// document about its targets.
type documentOptions struct {
	targets
	print  documentPrinter
	format string // of the document
}

// documentFlags defines these flags. What it returns checks them and gives their
// value. The format comes first: one that does not exist must be refused before
// the work.
func documentFlags(env Environment, cmd *cobra.Command, verb needs) func() (documentOptions, error) {
	printer, targets := outputFlag(env, cmd), targetFlags(env, cmd, verb)
	return func() (documentOptions, error) {
		show, err := printer()
		if err != nil {
			return documentOptions{}, err
		}
		targets, err := targets()
		format, _ := cmd.Flags().GetString("output") // which outputFlag defined
		return documentOptions{targets: targets, print: show, format: format}, err
	}
}

// end prints the verb's document, and returns the error that makes the process
// exit as its outcome says.
func (o *documentOptions) end(document runtime.Object, outcome v1alpha1.Outcome) error {
	return cmp.Or(o.print(document), ended(outcome))
}
