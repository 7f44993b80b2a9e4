package cmd

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func newHistory(env Environment, run func(context.Context, documentOptions) error) *cobra.Command {
	cmd := documented("history")
	var o documentOptions
	return verb(cmd, run, &o, o.addTo(env, cmd, needs{regions: true}))
}

// runHistory needs no timeout of its own: each journal takes one request.
func runHistory(ctx context.Context, o documentOptions, c *connection) error {
	regions, err := c.survey.Collect(ctx, 0, snapshot.ItemProvider, snapshot.ItemJournal)
	primary := c.survey.Primary(ctx).Document()
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	history := health.NewHistory(primary, regions)
	return o.end(history, history.Outcome)
}
