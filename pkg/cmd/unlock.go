package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

type unlockFlags struct {
	targets    targetFlags
	reason     string
	force, yes bool
}

// unlockOptions is the complete value that unlock runs by.
type unlockOptions struct {
	targets
	reason string
	// force frees the lock even if its holder is alive.
	force bool
	yes   bool
}

// options checks the flags and returns their value.
func (f *unlockFlags) options(env Environment) (unlockOptions, error) {
	if f.reason == "" {
		return unlockOptions{}, usagef("unlock takes a reason: give one with --reason")
	}
	targets, err := f.targets.options(env)
	if err != nil {
		return unlockOptions{}, err
	}
	return unlockOptions{targets: targets, reason: f.reason, force: f.force, yes: f.yes}, nil
}

func newUnlock(env Environment, run func(context.Context, unlockOptions) error) *cobra.Command {
	flags := &unlockFlags{}
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
			options, err := flags.options(env)
			if err != nil {
				return err
			}
			return run(cmd.Context(), options)
		},
	}
	f := cmd.Flags()
	flags.targets.addTo(f, needs{regions: true})
	f.StringVar(&flags.reason, "reason", "", "why; it is written onto the lock")
	f.BoolVar(&flags.force, "force", false, "even if its holder is alive")
	f.BoolVarP(&flags.yes, "yes", "y", false, "do not ask; the contexts must then be named")
	return cmd
}

// runUnlock asks, and frees the lock of each region.
func runUnlock(ctx context.Context, o unlockOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Unlock %d region(s)?", len(c.survey.Sources()))
	if err := mayAct(ctx, o.env, question{text: text, yes: o.yes, current: c.current}); err != nil {
		return err
	}
	me, err := c.primary.Me(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, source := range c.survey.Sources() {
		errs = append(errs, o.unlock(ctx, source, me.Email))
	}
	return errors.Join(errs...)
}

// unlock frees the lock of one region, and says whose it was.
func (o *unlockOptions) unlock(ctx context.Context, source *snapshot.Source, by string) error {
	region := source.Region
	from, err := lock.Break(ctx, source.Access.Clientset(), lock.Breaking{
		Namespace: region.Namespace, By: by, Reason: o.reason, Force: o.force, Clock: o.env.Clock,
	})
	switch held := new(lock.HeldError); {
	case errors.As(err, &held):
		return &exitError{exitLockHeld, fmt.Errorf("region %q: %w; its holder is alive, so nothing was changed", region.Name, err)}
	case err != nil:
		return fmt.Errorf("region %q: %w", region.Name, cluster.Explain(err, region.Context))
	case from == "":
		_, _ = fmt.Fprintf(o.env.ErrOut, "region %q is not locked\n", region.Name)
	default:
		_, _ = fmt.Fprintf(o.env.ErrOut, "region %q: the lock of %s is free now\n", region.Name, printer.Escape(from))
	}
	return nil
}
