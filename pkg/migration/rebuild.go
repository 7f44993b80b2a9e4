package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// rebuildWorkspace rebuilds the workspace, and waits until the build has ended.
// A build that is under way counts as the one that is asked for.
func rebuildWorkspace(ctx context.Context, run *Run, workspace coder.Workspace) error {
	api := run.Source.Primary
	// The log is opened first so that no message is missed.
	log, closeLog := openBuildLog(ctx, run, workspace.ID)
	defer closeLog()
	if !workspace.Updating {
		commit, cancel := run.Commit(ctx)
		err := api.Rebuild(commit, workspace.ID)
		cancel()
		if err != nil {
			now, readErr := api.Workspace(ctx, workspace.ID)
			// the answer may be lost although the build began
			if readErr != nil || (!now.Updating && now.LastBuiltAt.Equal(workspace.LastBuiltAt)) {
				return fmt.Errorf("workspace %q could not be rebuilt: %w", workspace.Name, err)
			}
		}
	}
	return awaitBuild(ctx, run, workspace, log)
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

// awaitBuild waits until the workspace's build has ended, and reports what its log
// says. The workspace itself says when and how it ended: the log may be
// truncated, or begin with what an earlier build said.
func awaitBuild(ctx context.Context, run *Run, before coder.Workspace, log <-chan coder.BuildMessage) error {
	ticker := run.Clock.NewTicker(pollInterval)
	defer ticker.Stop()
	var failure coder.BuildMessage
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the build of workspace %q: %w", before.Name, context.Cause(ctx))
		case <-ticker.C():
		case message, open := <-log:
			switch {
			case !open:
				log = nil
			case message.Type == coder.BuildError:
				failure = message
				continue // done follows
			case message.Type != coder.BuildDone:
				run.Progress("%s", message.Message)
				continue
			}
		}
		now, err := run.Source.Primary.Workspace(ctx, before.ID)
		if err := answered(err); isHopeless(err) {
			return err
		}
		if err != nil || now.Updating {
			continue // a primary that is away for a while says nothing about the build
		}
		if over, err := judge(before, now, failure); over {
			return err
		}
	}
}

// judge reports whether the build after before has ended, and its error.
func judge(before, now coder.Workspace, failure coder.BuildMessage) (over bool, err error) {
	// a log may begin with the error of an earlier build
	said := failure.Message != "" && !failure.Time.Before(now.LastBuiltAt)
	began := !now.LastBuiltAt.Equal(before.LastBuiltAt) || before.Updating
	switch {
	case said:
		return true, fmt.Errorf("the build of workspace %q failed: %s", before.Name, failure.Message)
	case began && now.LatestStat.ContainerStatus == coder.ContainerFailed:
		return true, fmt.Errorf("the build of workspace %q failed: %s", before.Name, now.LatestStat.StatError)
	default:
		return began && built(now), nil
	}
}

// openBuildLog opens the workspace's build log. Without one (a proxy may not
// pass WebSockets) the channel is closed at once.
func openBuildLog(ctx context.Context, run *Run, id string) (log <-chan coder.BuildMessage, closeLog func()) {
	messages := make(chan coder.BuildMessage)
	watch, err := run.Source.Primary.WatchBuild(ctx, id)
	if err != nil {
		close(messages)
		return messages, func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // ends with closeLog
		defer close(ended)
		defer close(messages)
		for {
			message, err := watch.Next(ctx)
			if err != nil {
				return
			}
			select {
			case messages <- message:
			case <-ctx.Done():
				return
			}
		}
	}()
	return messages, func() {
		stop()
		<-ended
		watch.Close()
	}
}
