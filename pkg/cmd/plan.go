package cmd

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newPlan(env Environment) *cobra.Command {
	t := &targets{env: env}
	var (
		output   output
		detailed bool
		diff     bool
	)
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what migrate would do, and change nothing",
		Long: `Show, per region and step, what is so already and what migrate would change, with
the difference in the satellite's manifest. Secret data is never shown. Nothing is
written, not even as a dry run of the API server.`,
		Example: examples(`
# What would happen to the regions of a fleet
kubectl coder-satellite plan -f fleet.yaml

# One region, by its kubeconfig context
kubectl coder-satellite plan --context sydney --access-url https://coder-sydney.example.com

# Keep the plan, to carry out exactly this one later
kubectl coder-satellite plan -f fleet.yaml -o json > plan.json`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			printer, err := output.printer(env)
			if err != nil {
				return err
			}
			c, err := t.connect()
			if err != nil {
				return err
			}
			rollout := (&runFlags{}).rollout(c, env, migration.Migrate(), nil)
			plan, err := rollout.Plan(cmd.Context(), diff)
			if err := cmp.Or(interrupted(cmd.Context()), err); err != nil {
				return err
			}
			if err := printer.Print(plan); err != nil {
				return err
			}
			if plan.Outcome == v1alpha1.OutcomeChangesPending && detailed {
				return &exitError{code: exitChangesPending}
			}
			return ended(plan.Outcome)
		},
	}
	t.addTo(cmd)
	t.addChartTo(cmd.Flags())
	output.addTo(cmd)
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to change")
	cmd.Flags().BoolVar(&diff, "diff", true, "show how the manifest of the satellite's chart would change")
	return cmd
}
