package cmd

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// maxPings bounds what a typing error may ask for.
const maxPings = 1000

func newVerify(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		output    output
		workspace string
		pings     int
		maxLoss   = percent(20)
		timeout   time.Duration
	)
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
			printer, err := output.printer(env)
			if err != nil {
				return err
			}
			if err := positive("--timeout", timeout); err != nil {
				return err
			}
			if pings < 1 || pings > maxPings {
				return usagef("--pings is %d: it must be from 1 to %d", pings, maxPings)
			}
			c, err := t.connect()
			if err != nil {
				return err
			}
			options := verify.Options{Workspace: workspace, Pings: pings, MaxLoss: int(maxLoss)}
			report, err := verify.Fleet(cmd.Context(), c.survey, options, timeout)
			if err := cmp.Or(interrupted(cmd.Context()), err); err != nil {
				return err
			}
			if err := printer.Print(report); err != nil {
				return err
			}
			return ended(report.Outcome)
		},
	}
	t.addTo(cmd)
	output.addTo(cmd)
	f := cmd.Flags()
	_ = f.MarkHidden("canary") // --workspace says the same, and nothing is rebuilt
	f.StringVar(&workspace, "workspace", "", "name or ID of the workspace to connect to (default: the region's canary)")
	f.IntVar(&pings, "pings", 5, "how many pings to send through each connection")
	f.Var(&maxLoss, "max-loss", "how many of the pings through the satellite may be lost")
	f.DurationVar(&timeout, "timeout", time.Minute, "time for a region")
	return cmd
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
