package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

type approveOptions struct {
	targets
	reason string
	yes    bool
}

func newApprove(env Environment, run func(context.Context, approveOptions) error) *cobra.Command {
	cmd := documented("approve")
	var o approveOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, inTurn: true, paced: true})
	f.StringVar(&o.reason, "reason", "", "why; it is kept with the approval")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return verb(cmd, run, &o, func() error {
		return errors.Join(refuse(o.flags.Filename == "" || o.flags.Wave == "", "approve needs a Fleet file and one of its waves: give --filename and --wave"),
			refuse(len(o.flags.Regions)+len(o.flags.Exclude) > 0 || o.flags.Selector+o.flags.Shard != "", "approve takes a whole wave: leave out --region, --exclude, --selector and --shard"),
			refuse(o.reason == "", "approve needs a reason: give one with --reason"), check())
	})
}

func runApprove(ctx context.Context, o approveOptions) error {
	c, err := o.begin() // whoever approves needs the home, but no other cluster
	if err != nil {
		return err
	}
	defer c.progress.Close()
	store, err := o.store(ctx, c)
	if err != nil {
		return err
	}
	wave, err := rollout.ToApprove(c.fleet.Waves, o.flags.Wave)
	if err != nil {
		return usage(err)
	}
	me, err := c.primary.Me(ctx)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Approve wave %q, with %d region(s), as %s?", wave.Name, len(wave.All), printer.Escape(me.Email))
	if err := mayAct(ctx, o.env, question, o.yes, c.current); err != nil {
		return err
	}
	earlier, err := rollout.Approve(ctx, store, wave, me.Email, redact.Text(o.reason), o.env.Clock.Now())
	switch {
	case err != nil:
		return err
	case earlier != nil:
		_, _ = fmt.Fprintf(o.env.ErrOut, "wave %q is approved already, by %s at %s: %s\n", wave.Name,
			printer.Escape(earlier.By), earlier.At.UTC().Format("2006-01-02 15:04:05 MST"), printer.Escape(earlier.Reason))
	default:
		_, _ = fmt.Fprintf(o.env.ErrOut, "wave %q is approved; a `kubectl coder-satellite migrate` that waits for it continues within seconds\n", wave.Name)
	}
	return nil
}
