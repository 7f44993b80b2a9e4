package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

func newUnlock(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		reason     string
		force, yes bool
	)
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Take over an abandoned lock",
		Long: `Free the lock of a run that died. Usually there is no need: a lock that is not renewed
is taken over by the next run. unlock watches the lock first, and refuses while its
holder is alive, unless forced. The reason is written onto the lock.`,
		Example: examples(`
# One region of a fleet
kubectl coder-satellite unlock -f fleet.yaml --region sydney --reason "the laptop was closed"`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reason == "" {
				return usagef("unlock takes a reason: give one with --reason")
			}
			t.flags.AccessURLOptional = true
			c, err := t.connect()
			if err != nil {
				return err
			}
			if t.current || !yes {
				if err := mayAct(cmd.Context(), env, t, &runFlags{yes: yes}, fmt.Sprintf("Unlock %d region(s)?", len(c.survey.Sources()))); err != nil {
					return err
				}
			}
			me, err := c.primary.Me(cmd.Context())
			if err != nil {
				return err
			}
			var errs []error
			for _, source := range c.survey.Sources() {
				from, err := lock.Break(cmd.Context(), source.Access.Clientset(), lock.Breaking{
					Namespace: source.Region.Namespace, By: me.Email, Reason: reason, Force: force, Clock: env.Clock,
				})
				switch held := new(lock.HeldError); {
				case errors.As(err, &held):
					errs = append(errs, &exitError{exitLockHeld, fmt.Errorf("region %q: %w; its holder is alive, so nothing was changed", source.Region.Name, err)})
				case err != nil:
					errs = append(errs, fmt.Errorf("region %q: %w", source.Region.Name, cluster.Explain(err, source.Region.Context)))
				case from == "":
					_, _ = fmt.Fprintf(env.ErrOut, "region %q is not locked\n", source.Region.Name)
				default:
					_, _ = fmt.Fprintf(env.ErrOut, "region %q: the lock of %s is free now\n", source.Region.Name, printer.Escape(from))
				}
			}
			return errors.Join(errs...)
		},
	}
	t.addTo(cmd)
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why; it is written onto the lock")
	f.BoolVar(&force, "force", false, "even if its holder is alive")
	f.BoolVarP(&yes, "yes", "y", false, "do not ask; the contexts must then be named")
	return cmd
}
