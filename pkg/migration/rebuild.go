package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// builder rebuilds workspaces in this run.
func (run *Run) builder() workspaces.Builder {
	return workspaces.Builder{API: run.Source.Primary, Clock: run.Clock, Progress: run.Progress}
}

// awaitForeignBuild waits until a build that somebody else asked for has ended,
// successfully or not, and returns the workspace as it is then.
func awaitForeignBuild(ctx context.Context, run *Run, workspace coder.Workspace) (coder.Workspace, error) {
	var now coder.Workspace
	what := fmt.Sprintf("waiting for the build of workspace %q that is under way", workspace.Name)
	err := run.until(ctx, what, func() (err error) {
		if now, err = run.Source.Primary.Workspace(ctx, workspace.ID); err != nil {
			return answered(err)
		}
		if now.Updating {
			return errors.New("somebody else began it, and it has not ended")
		}
		return nil
	})
	return now, err
}
