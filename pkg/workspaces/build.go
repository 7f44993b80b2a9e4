package workspaces

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

const (
	pollInterval  = time.Second
	commitTimeout = 30 * time.Second // of the request that starts a build
)

// Builder rebuilds workspaces.
type Builder struct {
	API      *coder.Client // the primary's
	Clock    clock.WithTicker
	Progress func(format string, args ...any) // receives what builds say, in one line each
}

// Rebuild rebuilds the workspace and waits until the build has ended; it joins a build that is in progress. A rebuild keeps
// only the home directory. The error says that the build failed, or why it was not started or not followed.
func (b Builder) Rebuild(ctx context.Context, workspace coder.Workspace) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	// First, so that no message is missed. After an error there is no log: a proxy may block WebSockets.
	log, _ := b.API.WatchBuild(watching, workspace.ID)
	if !workspace.Updating {
		if err := b.ask(ctx, workspace); err != nil {
			return err
		}
	}
	return b.await(ctx, workspace, log)
}

// ask starts a build. A signal must not cut the request off.
func (b Builder) ask(ctx context.Context, workspace coder.Workspace) error {
	commit, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := b.API.Rebuild(commit, workspace.ID)
	if err == nil {
		return nil
	}
	now, readErr := b.API.Workspace(ctx, workspace.ID)
	if readErr == nil && (now.Updating || !now.LastBuiltAt.Equal(workspace.LastBuiltAt)) {
		return nil // the answer was lost although the build began
	}
	return fmt.Errorf("workspace %q could not be rebuilt: %w", workspace.Name, err)
}

// await waits until the workspace's build has ended, and reports what its log says. Only the workspace itself says when and
// how it ended: the log may be truncated, or begin with messages of an earlier build.
func (b Builder) await(ctx context.Context, before coder.Workspace, log <-chan coder.BuildMessage) error {
	ticker := b.Clock.NewTicker(pollInterval)
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
				b.Progress("%s", message.Message)
				continue
			}
		}
		now, err := b.API.Workspace(ctx, before.ID)
		if coder.IsUnauthorized(err) || coder.IsForbidden(err) || coder.IsNotFound(err) {
			return err
		}
		if err != nil || now.Updating {
			continue // a primary that does not answer says nothing about the build
		}
		if over, err := judge(before, now, failure); over {
			return err
		}
	}
}

// judge reports whether the build that follows the state before has ended, and its error.
func judge(before, now coder.Workspace, failure coder.BuildMessage) (over bool, err error) {
	began := !now.LastBuiltAt.Equal(before.LastBuiltAt) || before.Updating
	switch {
	case failure.Message != "" && !failure.Time.Before(now.LastBuiltAt): // the log may begin with the error of an earlier build
		return true, fmt.Errorf("the build of workspace %q failed: %s", before.Name, failure.Message)
	case began && now.LatestStat.ContainerStatus == coder.ContainerFailed:
		return true, fmt.Errorf("the build of workspace %q failed: %s", before.Name, now.LatestStat.StatError)
	}
	return began && Built(now), nil
}

// Built reports whether a workspace can be used: it is on, and no build runs.
func Built(w coder.Workspace) bool {
	return !w.Updating && w.LatestStat.ContainerStatus == coder.ContainerOn
}
