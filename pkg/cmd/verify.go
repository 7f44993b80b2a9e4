package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// These bound what a typing error may ask for.
const (
	maxPings    = 1000
	maxDuration = time.Hour
)

type verifyOptions struct {
	documentOptions
	region  verify.Options
	timeout time.Duration // for the verification of a region, from when its turn comes
}

func newVerify(env Environment, run func(context.Context, verifyOptions) error) *cobra.Command {
	cmd := documented("verify")
	var o verifyOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, reports: true, accessURL: true, exits: fmt.Sprint(exitPartlyFailed, exitTimedOut)})
	_ = f.MarkHidden("canary") // --workspace says the same, and nothing is rebuilt
	f.StringVar(&o.region.Workspace, "workspace", "", "name or ID of the workspace to connect to (default: the region's canary)")
	f.IntVar(&o.region.Pings, "pings", 5, "how many pings to send through each connection")
	maxLoss := f.String("max-loss", "20%", "how many of the pings through the satellite may be lost")
	f.BoolVar(&o.region.Compare, "compare", false, "show how the satellite compares with the primary, from this machine")
	f.DurationVar(&o.region.For, "duration", 0, "send pings for this long, five a second, instead of a fixed number")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "time for one region, in addition to --duration")
	return verb(cmd, run, &o, func() error {
		percent, bad := strconv.ParseUint(strings.TrimSuffix(*maxLoss, "%"), 10, 8)
		err := errors.Join(check(), positive("--timeout", o.timeout),
			refuse(o.region.Pings < 1 || o.region.Pings > maxPings, "--pings is %d: it must be from 1 to %d", o.region.Pings, maxPings),
			refuse(o.region.For < 0 || o.region.For > maxDuration, "--duration is %s: it must be from 0s to %s", o.region.For, maxDuration),
			refuse(f.Changed("pings") && f.Changed("duration"), "--pings and --duration both say how many pings to send: give one of them"),
			refuse(bad != nil || percent > 100, "--max-loss is %q: it must be from 0%% to 100%%", *maxLoss))
		o.region.MaxLoss = int(percent)
		o.timeout += o.region.For
		return err
	})
}

func runVerify(ctx context.Context, o verifyOptions, c *connection) error {
	found, err := verify.Fleet(ctx, c.survey, o.region, o.timeout)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	found.Outcome = inTime(c.survey, found.Outcome)
	o.writeReports(nil, found)
	return o.end(found, found.Outcome)
}
