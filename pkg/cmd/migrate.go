package cmd

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

func newMigrate(env Environment) *cobra.Command {
	t := &targets{env: env}
	r := &runFlags{}
	var (
		output   output
		planFile string
	)
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Move regions to their satellites",
		Long: `Move regions to their satellites: retain the legacy release, install the satellite,
wait until its access URL leads to it, register its key, switch the workspace
provider to Networking v2, rebuild a canary workspace, and check that it works.

It shows the plan and asks before it acts. It is safe to interrupt and to repeat: a
second run goes on where the first one stopped, and changes nothing where nothing
is left to do. If something fails after the switch, the switch is undone.`,
		Example: examples(`
# The regions of a fleet: first one, then the rest
kubectl coder-satellite migrate -f fleet.yaml

# One region of it, without being asked
kubectl coder-satellite migrate -f fleet.yaml --region sydney --yes

# Exactly what was planned, or nothing
kubectl coder-satellite plan -f fleet.yaml -o json > plan.json
kubectl coder-satellite migrate -f fleet.yaml --plan plan.json

# One region, by its kubeconfig context
kubectl coder-satellite migrate --context sydney --access-url https://coder-sydney.example.com --values sydney.yaml`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if planFile == "-" && t.flags.Filename == "-" {
				return usagef("--plan and --filename cannot both be standard input: give one of them as a file")
			}
			if planFile != "" {
				var err error
				if r.planned, err = readPlan(env, planFile); err != nil {
					return err
				}
			}
			return runOperation(cmd, env, t, r, &output, migration.Migrate(), "Migrate")
		},
	}
	t.addTo(cmd)
	t.addChartTo(cmd.Flags())
	r.addTo(cmd.Flags())
	output.addTo(cmd)
	cmd.Flags().StringVar(&planFile, "plan", "", "carry out exactly this plan (from plan -o json), or refuse, naming what changed since; - for standard input")
	return cmd
}

// runOperation plans the operation, shows the plan, asks, carries it out and
// prints the report. It is the one call of every verb that changes regions.
func runOperation(cmd *cobra.Command, env Environment, t *targets, r *runFlags, o *output, operation migration.Operation, imperative string) error {
	documents, err := o.printer(env)
	if err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	t.flags.MaxParallel = r.maxParallel
	if cmd.Flags().Changed("max-failures") {
		t.flags.MaxFailures = &r.maxFailures
	}
	c, err := t.connect()
	if err != nil {
		return err
	}
	progress := printer.NewProgress(env.ErrOut, printer.ProgressOptions{
		Terminal: isTerminal(env.ErrOut), Width: terminalWidth(env.ErrOut), Color: env.color(env.ErrOut),
		Regions: len(c.survey.Sources()),
	})
	defer func() { _ = progress.Close() }()
	c.warnings.through(progress)
	regions := r.rollout(c, env, operation, progress.Report)
	started := metav1.NewTime(env.Clock.Now())
	plan, err := regions.Plan(cmd.Context(), false)
	if err := cmp.Or(interrupted(cmd.Context()), err); err != nil {
		return err
	}
	if err := mustMatch(r.planned, plan); err != nil {
		return err
	}
	if plan.Outcome == v1alpha1.OutcomeChangesPending {
		if err := o.printPlan(env, plan); err != nil {
			return err
		}
		if err := mayAct(cmd.Context(), env, t, r, fmt.Sprintf("%s %s?", imperative, count(plan))); err != nil {
			return err
		}
	}
	reports := regions.Run(cmd.Context(), plan)
	_ = progress.Close() // nobody may be reading any more; the outcome counts
	report := &v1alpha1.MigrationReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindMigrationReport},
		Operation: operation.Name,
		Primary:   plan.Primary,
		Outcome:   rollout.Outcome(reports),
		Started:   started,
		Finished:  metav1.NewTime(env.Clock.Now()),
		Regions:   reports,
	}
	report.ExitCode = exitFor(report.Outcome)
	printErr := documents.Print(report)
	if err := ended(report.Outcome); err != nil {
		return err
	}
	return printErr
}

// count says how many regions a plan would change, in words.
func count(plan *v1alpha1.Plan) string {
	n := 0
	for _, region := range plan.Regions {
		if region.Outcome == v1alpha1.OutcomeChangesPending {
			n++
		}
	}
	if n == 1 {
		return "1 region"
	}
	return fmt.Sprintf("%d regions", n)
}
