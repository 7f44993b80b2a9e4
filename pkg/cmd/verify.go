package cmd

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// maxPings and maxDuration bound what a typing error may ask for.
const (
	maxPings    = 1000
	maxDuration = time.Hour
)

// verifyOptions is the complete value that verify runs by.
type verifyOptions struct {
	documentOptions
	region verify.Options
	// timeout bounds the verification of a region, from when its turn comes.
	timeout time.Duration
}

func newVerify(env Environment, run func(context.Context, verifyOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Connect to a workspace through the satellite, and compare with the primary",
		Long: `Connect to a workspace of each region as its owner's clients do: WebRTC, relayed by the
satellite. The same is done through the primary, to compare. Nothing is changed.

Only its owner can connect to a workspace, so it must be one of yours, and ON: the
region's canary, or the one that --workspace names. The exit code is 0 when every
region's workspace was reached through its satellite, the connection stayed up, and no
more pings were lost than --max-loss allows. Pings end with the time of the region: only
those that were sent count.

Where the deployment offers direct connections (STUN), one is made as clients make it, too,
and the table says by which addresses: "host" is one of its own, "srflx" one that the STUN
server saw, "relay" one of the TURN server's. It changes no exit code.`,
		Example: examples(`
# All regions of a fleet
kubectl coder-satellite verify -f fleet.yaml

# One region, by a workspace of yours, with more pings
kubectl coder-satellite verify -f fleet.yaml --region sydney --workspace canary-sydney --pings 20

# For half a minute, and how much nearer the satellite is than the primary
kubectl coder-satellite verify -f fleet.yaml --region sydney --duration 30s --compare

# The median round trip through each satellite, in microseconds
kubectl coder-satellite verify -f fleet.yaml -o jsonpath='{.regions[*].satellite.roundTrip.medianMicroseconds}'`),
	}
	document := documentFlags(env, cmd, needs{regions: true, accessURL: true})
	f, maxLoss := cmd.Flags(), percent(20)
	_ = f.MarkHidden("canary") // --workspace says the same, and nothing is rebuilt
	workspace := f.String("workspace", "", "name or ID of the workspace to connect to (default: the region's canary)")
	pings := f.Int("pings", 5, "how many pings to send through each connection")
	f.Var(&maxLoss, "max-loss", "how many of the pings through the satellite may be lost")
	compare := f.Bool("compare", false, "say how the satellite compares with the primary, from this machine")
	duration := f.Duration("duration", 0, "send pings for so long, a fifth of a second after each other, instead of a number of them")
	timeout := f.Duration("timeout", time.Minute, "time for a region, beside --duration")
	return verb(cmd, run, func() (verifyOptions, error) {
		document, err := document()
		err = errors.Join(err, positive("--timeout", *timeout))
		if *pings < 1 || *pings > maxPings {
			err = errors.Join(err, usagef("--pings is %d: it must be from 1 to %d", *pings, maxPings))
		}
		if *duration < 0 || *duration > maxDuration {
			err = errors.Join(err, usagef("--duration is %s: it must be from 0s to %s", *duration, maxDuration))
		}
		if f.Changed("pings") && f.Changed("duration") {
			err = errors.Join(err, usagef("--pings and --duration both say how many pings to send: give one of them"))
		}
		region := verify.Options{Workspace: *workspace, Pings: *pings, MaxLoss: int(maxLoss), For: *duration, Compare: *compare}
		return verifyOptions{documentOptions: document, region: region, timeout: *timeout + *duration}, err
	})
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
	return o.end(report, report.Outcome)
}

// percent is a flag's value from 0% to 100%; the sign may be left out.
type percent int

// String implements pflag.Value.
func (p *percent) String() string { return strconv.Itoa(int(*p)) + "%" }

// Set implements pflag.Value.
func (p *percent) Set(text string) error {
	number, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil || number < 0 || number > 100 {
		return errors.New("it must be from 0% to 100%")
	}
	*p = percent(number)
	return nil
}

// Type implements pflag.Value.
func (*percent) Type() string { return "percent" }
