package cmd

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// maxPings bounds what a typing error may ask for.
const maxPings = 1000

type verifyFlags struct {
	documentFlags
	workspace string
	pings     int
	maxLoss   percent
	timeout   time.Duration
}

// verifyOptions is the complete value that verify runs by.
type verifyOptions struct {
	documentOptions
	region verify.Options
	// timeout bounds the verification of a region, from when its turn comes.
	timeout time.Duration
}

// options checks the flags and returns their value.
func (f *verifyFlags) options(env Environment) (verifyOptions, error) {
	document, err := f.documentFlags.options(env)
	if err != nil {
		return verifyOptions{}, err
	}
	if err := positive("--timeout", f.timeout); err != nil {
		return verifyOptions{}, err
	}
	if f.pings < 1 || f.pings > maxPings {
		return verifyOptions{}, usagef("--pings is %d: it must be from 1 to %d", f.pings, maxPings)
	}
	region := verify.Options{Workspace: f.workspace, Pings: f.pings, MaxLoss: int(f.maxLoss)}
	return verifyOptions{documentOptions: document, region: region, timeout: f.timeout}, nil
}

func newVerify(env Environment, run func(context.Context, verifyOptions) error) *cobra.Command {
	flags := &verifyFlags{maxLoss: 20}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Connect to a workspace through the satellite, and compare with the primary",
		Long: `Connect to a workspace of each region as its owner's clients do: WebRTC, relayed by the
satellite. The same is done through the primary, to compare. Nothing is changed.

Only its owner can connect to a workspace, so it must be one of yours, and ON: the
region's canary, or the one that --workspace names. The exit code is 0 when every
region's workspace was reached through its satellite, the connection stayed up, and no
more pings were lost than --max-loss allows. Pings end with the time of the region: only
those that were sent count.`,
		Example: examples(`
# All regions of a fleet
kubectl coder-satellite verify -f fleet.yaml

# One region, by a workspace of yours, with more pings
kubectl coder-satellite verify -f fleet.yaml --region sydney --workspace canary-sydney --pings 20

# The median round trip through each satellite, in microseconds
kubectl coder-satellite verify -f fleet.yaml -o jsonpath='{.regions[*].satellite.roundTrip.medianMicroseconds}'`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := flags.options(env)
			if err != nil {
				return err
			}
			return run(cmd.Context(), options)
		},
	}
	flags.addTo(cmd, needs{regions: true, accessURL: true})
	f := cmd.Flags()
	_ = f.MarkHidden("canary") // --workspace says the same, and nothing is rebuilt
	f.StringVar(&flags.workspace, "workspace", "", "name or ID of the workspace to connect to (default: the region's canary)")
	f.IntVar(&flags.pings, "pings", 5, "how many pings to send through each connection")
	f.Var(&flags.maxLoss, "max-loss", "how many of the pings through the satellite may be lost")
	f.DurationVar(&flags.timeout, "timeout", time.Minute, "time for a region")
	return cmd
}

// runVerify prints what the connections through the satellites are like.
func runVerify(ctx context.Context, o verifyOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	report, err := verify.Fleet(ctx, c.survey, o.region, o.timeout)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	if err := o.documents.Print(report); err != nil {
		return err
	}
	return ended(report.Outcome)
}
