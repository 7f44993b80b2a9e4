package cmd

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// verb completes the command of a verb that takes flags only, which set fields of o: check refuses what cannot be
// meant, and sets the fields that follow from others. run is the one call that acts on the complete value.
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

// documentOptions is the complete value of the flags of a verb that prints a document about its targets.
type documentOptions struct {
	targets
	print  documentPrinter
	format string // of the document
}

// addTo defines these flags. What it returns checks them. The format comes first: one that does not exist must be
// refused before the work.
func (o *documentOptions) addTo(env Environment, cmd *cobra.Command, verb needs) func() error {
	printer, check := outputFlag(env, cmd, &o.format), o.targets.addTo(env, cmd, verb)
	return func() (err error) {
		if o.print, err = printer(); err != nil {
			return err
		}
		return check()
	}
}

// end prints the verb's document, and returns the error that makes the process exit as its outcome says.
func (o *documentOptions) end(document runtime.Object, outcome v1alpha1.Outcome) error {
	return cmp.Or(o.print(document), ended(outcome))
}
