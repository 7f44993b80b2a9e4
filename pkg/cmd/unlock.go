package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

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

// runUnlock asks, and frees the locks of each region: the satellite's, and those
// of its providers.
func runUnlock(ctx context.Context, o unlockOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Unlock %d region(s)?", len(c.survey.Regions()))
	if err := mayAct(ctx, o.env, question{text: text, yes: o.yes, current: c.current}); err != nil {
		return err
	}
	me, err := c.primary.Me(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, region := range c.survey.Regions() {
		errs = append(errs, o.unlock(ctx, region, me.Email))
	}
	return errors.Join(errs...)
}

// unlock frees the locks of one region, and says whose they were.
func (o *unlockOptions) unlock(ctx context.Context, region *snapshot.Region, by string) error {
	var errs []error
	if satellite := region.Region.Satellite; !satellite.None() {
		source := region.Sources[0]
		errs = append(errs, o.free(ctx, lockOf{
			what: fmt.Sprintf("region %q", region.Region.Name), context: satellite.Context, site: source.SatelliteSite, lease: source.SatelliteLock(),
		}, by))
	}
	for _, source := range region.Sources {
		s := source.Collect(ctx, snapshot.ItemProvider)
		what := fmt.Sprintf("region %q, provider %q", region.Region.Name, s.ProviderName())
		if s.ProviderID() == "" {
			errs = append(errs, fmt.Errorf("%s: where its lock is cannot be told: %w", what, s.Provider.Err()))
			continue
		}
		errs = append(errs, o.free(ctx, lockOf{
			what: what, context: source.Declared.Context, site: source.ProviderSite, lease: source.ProviderLock(s),
		}, by))
	}
	return errors.Join(errs...)
}

// lockOf is a lock, with what it guards in words.
type lockOf struct {
	what, context string
	site          snapshot.Site
	lease         types.NamespacedName
}

// free frees one lock, and says whose it was.
func (o *unlockOptions) free(ctx context.Context, l lockOf, by string) error {
	if l.site.Err != nil {
		return fmt.Errorf("%s: %w", l.what, l.site.Err)
	}
	from, err := lock.Break(ctx, l.site.Access.Clientset(), lock.Breaking{
		Lease: l.lease, By: by, Reason: o.reason, Force: o.force, Clock: o.env.Clock,
	})
	switch held := new(lock.HeldError); {
	case errors.As(err, &held):
		return &exitError{exitLockHeld, fmt.Errorf("%s: %w; its holder is alive, so nothing was changed", l.what, err)}
	case err != nil:
		return fmt.Errorf("%s: %w", l.what, cluster.Explain(err, l.context))
	case from == "":
		_, _ = fmt.Fprintf(o.env.ErrOut, "%s is not locked\n", l.what)
	default:
		_, _ = fmt.Fprintf(o.env.ErrOut, "%s: the lock of %s is free now\n", l.what, printer.Escape(from))
	}
	return nil
}
