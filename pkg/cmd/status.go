package cmd

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func newStatus(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		output  output
		watch   bool
		every   time.Duration
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Check every region",
		Long: `Check every region: its cluster, its legacy release, its satellite, the registration
at the primary, what answers at its access URL, and its canary. Nothing is written.
An answer that could not be found out is shown as unknown, and is never taken for a
good one. The exit code is 0 when no check failed.`,
		Example: examples(`
# All regions of a fleet
kubectl coder-satellite status -f fleet.yaml

# Every check of one region, passed or not
kubectl coder-satellite status -f fleet.yaml --region sydney -o wide

# The checks that failed, for a script
kubectl coder-satellite status -f fleet.yaml -o jsonpath='{.regions[*].checks[?(@.state=="Fail")].id}'`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			printer, err := output.printer(env)
			if err != nil {
				return err
			}
			if err := errors.Join(positive("--timeout", timeout), positive("--interval", every)); err != nil {
				return err
			}
			t.flags.AccessURLOptional = true
			c, err := t.connect()
			if err != nil {
				return err
			}
			for {
				report := status(cmd.Context(), env, c, timeout)
				if err := interrupted(cmd.Context()); err != nil {
					return err
				}
				if err := printer.Print(report); err != nil {
					return err
				}
				if !watch {
					return ended(report.Outcome)
				}
				timer := env.Clock.NewTimer(every)
				select {
				case <-cmd.Context().Done():
					timer.Stop()
					return &exitError{code: exitInterrupted}
				case <-timer.C():
				}
			}
		},
	}
	t.addTo(cmd)
	output.addTo(cmd)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "check again and again, until interrupted")
	cmd.Flags().DurationVar(&every, "interval", 10*time.Second, "time between checks with --watch")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "time for the facts of a region; what is not known by then is unknown")
	return cmd
}

// status gathers the facts of all regions in parallel and evaluates the checks.
func status(ctx context.Context, env Environment, c *connection, timeout time.Duration) *v1alpha1.StatusReport {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	snapshots := make([]*snapshot.Snapshot, len(c.sources))
	shared := snapshot.NewPrimarySource(c.primary) // asked anew at every look
	var group sync.WaitGroup
	for i, source := range c.sources {
		look := *source
		look.Shared = shared
		group.Go(func() { snapshots[i] = look.Collect(ctx, snapshot.CheckItems()...) })
	}
	group.Wait()
	snapshot.Compare(snapshots)
	report := &v1alpha1.StatusReport{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindStatusReport},
		Outcome:  v1alpha1.OutcomeSucceeded,
		Taken:    metav1.NewTime(env.Clock.Now()),
	}
	for _, s := range snapshots {
		region := health.NewRegionStatus(s)
		report.Primary = s.Primary.Document()
		report.Regions = append(report.Regions, region)
		if region.Outcome != v1alpha1.OutcomeSucceeded {
			report.Outcome = v1alpha1.OutcomeFailed
		}
	}
	return report
}
