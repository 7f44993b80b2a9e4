package cmd

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func newHistory(env Environment, run func(context.Context, documentOptions) error) *cobra.Command {
	cmd := command("history", "Show who ran what on every region, and how it ended", `
Show the runs in the journals of each region, newest first. The satellite's journal and each
provider's keep the latest six. A run that ended differently in several journals has a row for each
outcome. An unfinished run is still in progress, or died. A journal that cannot be read has a row
that says so, and the exit code is then 1. Nothing is changed.`, `
# All regions of a fleet
kubectl coder-satellite history -f fleet.yaml

# One region, with the reasons that operators gave, and what failed
kubectl coder-satellite history -f fleet.yaml --region sydney -o wide`)
	var o documentOptions
	return verb(cmd, run, &o, o.addTo(env, cmd, needs{regions: true}))
}

// runHistory needs no timeout of its own: each journal takes one request.
func runHistory(ctx context.Context, o documentOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	regions, err := c.survey.Collect(ctx, 0, snapshot.ItemProvider, snapshot.ItemJournal)
	primary := c.survey.Primary(ctx).Document()
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	history := health.NewHistory(primary, regions)
	return o.end(history, history.Outcome)
}
