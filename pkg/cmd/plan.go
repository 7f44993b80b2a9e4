package cmd

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

type planOptions struct {
	documentOptions
	detailed     bool              // pending changes have an exit code of their own
	diff         bool              // show how the satellite's manifest would change
	wholeRegions bool              // leave a region alone if one of its providers cannot be migrated
	gitops       *migration.Policy // for a legacy release that Flux owns
}

func newPlan(env Environment, run func(context.Context, planOptions) error) *cobra.Command {
	cmd := documented("plan")
	var o planOptions
	check := o.addTo(env, cmd, needs{regions: true, accessURL: true, chart: true, plans: true, paced: true, reports: true, exits: fmt.Sprint(exitChangesPending, exitPartlyFailed)})
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 2 if there is something to change")
	wholeRegionsFlag(cmd, &o.wholeRegions)
	o.gitops = retainingFlag(cmd)
	cmd.Flags().BoolVar(&o.diff, "diff", true, "show how the satellite's manifest would change")
	return verb(cmd, run, &o, check)
}

func runPlan(ctx context.Context, o planOptions, c *connection) error {
	operation := migration.Migrate(o.wholeRegions, *o.gitops)
	regions, err := o.rollout(c, operation, migration.Options{}, nil)
	if err != nil {
		return err
	}
	plan, err := regions.Plan(ctx, o.diff)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	o.writeReports(nil, plan)
	if err := o.print(plan); err != nil {
		return err
	}
	if plan.Outcome == v1alpha1.OutcomeChangesPending && o.detailed {
		return &exitError{code: exitChangesPending}
	}
	return ended(plan.Outcome)
}

func readPlan(env Environment, name string) (*v1alpha1.Plan, error) {
	data, err := env.read(name, 16<<20)
	if err != nil {
		return nil, usagef("the plan %s cannot be read: %w", name, err)
	}
	plan, newer, err := decodePlan(data)
	switch {
	case newer != "":
		return nil, usagef("the plan %s cannot be carried out: it has %s, which a newer version of the plugin wrote: "+
			"upgrade the plugin, with `kubectl krew upgrade coder-satellite`, or plan again with this one", name, newer)
	case err != nil:
		return nil, usagef("%s is not a plan printed by `kubectl coder-satellite plan -o json`: %w", name, err)
	}
	return plan, nil
}

// decodePlan decodes a plan. newer names what only a newer version of the plugin understands, if anything.
func decodePlan(data []byte) (plan *v1alpha1.Plan, newer string, err error) {
	plan = &v1alpha1.Plan{}
	version := v1alpha1.GroupVersion()
	switch err := json.Unmarshal(data, plan); {
	case plan.Kind == v1alpha1.KindPlan && plan.APIVersion != version.String() && strings.HasPrefix(plan.APIVersion, version.Group+"/"):
		return nil, fmt.Sprintf("the version %q", plan.APIVersion), nil // which explains why the rest may not be understood
	case err != nil && strings.Contains(err.Error(), "unexpected end"):
		return nil, "", errors.New("it is empty or truncated")
	case err != nil:
		return nil, "", err
	case plan.Kind != v1alpha1.KindPlan || plan.APIVersion != version.String():
		return nil, "", fmt.Errorf("it is of kind %q, version %q", plan.Kind, plan.APIVersion)
	}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(new(v1alpha1.Plan)); err != nil {
		return nil, strings.Replace(err.Error(), "json: unknown", "the", 1), nil
	}
	return plan, "", nil
}
