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

type unlockOptions struct {
	targets
	reason string
	force  bool // even if the lock's holder is alive
	yes    bool
}

func newUnlock(env Environment, run func(context.Context, unlockOptions) error) *cobra.Command {
	cmd := documented("unlock")
	var o unlockOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, inTurn: true, exits: fmt.Sprint(exitLockHeld)})
	f.StringVar(&o.reason, "reason", "", "why; it is written into the lock")
	f.BoolVar(&o.force, "force", false, "even if its holder is alive")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask; the contexts must then be named")
	return verb(cmd, run, &o, func() error {
		return errors.Join(refuse(o.reason == "", "unlock needs a reason: give one with --reason"), check())
	})
}

func runUnlock(ctx context.Context, o unlockOptions, c *connection) error {
	text := fmt.Sprintf("Unlock %d region(s)?", len(c.survey.Regions()))
	if err := mayAct(ctx, o.env, text, o.yes, c.current); err != nil {
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

func (o *unlockOptions) unlock(ctx context.Context, region *snapshot.Region, by string) error {
	var errs []error
	name := fmt.Sprintf("region %q", region.Region.Name)
	if !region.Region.Satellite.None() {
		source := region.Sources[0]
		errs = append(errs, o.free(ctx, name, source.SatelliteSite, source.SatelliteLock(), by))
	}
	for _, source := range region.Sources {
		s := source.Collect(ctx, snapshot.ItemProvider)
		what := fmt.Sprintf("%s, provider %q", name, s.ProviderName())
		if s.ProviderID() == "" {
			errs = append(errs, fmt.Errorf("%s: cannot determine where its lock is: %w", what, s.Provider.Err()))
			continue
		}
		errs = append(errs, o.free(ctx, what, source.ProviderSite, source.ProviderLock(s), by))
	}
	return errors.Join(errs...)
}

// free frees one lock and says whose it was; what names the thing that it guards.
func (o *unlockOptions) free(ctx context.Context, what string, site *cluster.Access, lease types.NamespacedName, by string) error {
	from, err := lock.Break(ctx, site.Clientset(), lock.Breaking{Lease: lease, By: by, Reason: o.reason, Force: o.force, Clock: o.env.Clock})
	switch held := new(lock.HeldError); {
	case errors.As(err, &held):
		return &exitError{exitLockHeld, fmt.Errorf("%s: %w; its holder is alive, so nothing was changed", what, err)}
	case err != nil:
		return fmt.Errorf("%s: %w", what, cluster.Explain(err, site.Context))
	case from == "":
		_, _ = fmt.Fprintf(o.env.ErrOut, "%s is not locked\n", what)
	default:
		_, _ = fmt.Fprintf(o.env.ErrOut, "%s: the lock of %s is free now\n", what, printer.Escape(from))
	}
	return nil
}
