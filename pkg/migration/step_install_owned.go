package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// awaitOwner waits until the GitOps controller that owns the satellite has installed it, and it is ready. The plugin
// installs nothing.
func awaitOwner(ctx context.Context, run *Run, options satellite.Options) error {
	items := []snapshot.Item{snapshot.ItemSatellite}
	if err := run.WaitFor(ctx, fmt.Sprintf("waiting for %s", run.Now.Satellite.Value().Control.Owner), items, installedByOwner); err != nil {
		return err
	}
	if err := run.Source.Satellite().Wait(ctx, options); err != nil {
		return fmt.Errorf("%w%s", err, said(run.Now, run.Now.Satellite.Value().Control))
	}
	return nil
}

// awaited returns what the satellite that a controller owns lacks until it can be registered; nil if nothing.
func awaited(s *snapshot.Snapshot) error {
	missing := installedByOwner(s)
	if state := s.Satellite.Value(); missing == nil && !state.Ready {
		return errors.New(state.Blocker + said(s, state.Control))
	}
	return missing
}

// installedByOwner returns what the controller has not installed as the Fleet says, and what it says of that; nil if nothing. It
// is a manualError if Git has to be changed for it.
func installedByOwner(s *snapshot.Snapshot) error {
	state, known := s.Satellite.Get()
	if !known {
		return s.Satellite.Err()
	}
	same, differences := state.Matches(s.Spec.Value(), s.Chart.Value())
	control := state.Control
	switch {
	case state.Conflict != "":
		return errors.New(state.Conflict)
	case control.Owner.Tool == gitops.Flux && !control.Declared && state.Workload && !state.Exists():
		namespace := s.Region.Satellite.Namespace
		return &manualError{fmt.Errorf("Helm's record is not in namespace %q: set spec.storageNamespace: %s in %s", namespace, namespace, control.Owner)}
	case !same:
		missing := strings.Join(differences, "; ") + said(s, control)
		written := "`" + s.Region.Command("export "+control.Owner.Tool.Word()) + "` writes it"
		switch {
		case control.Declared && control.Absent():
			return &manualError{fmt.Errorf("%s; commit it to Git: %s", missing, written)}
		case control.Suspended:
			return &manualError{errors.New(missing)}
		case control.Err == nil && (control.Busy || !state.Installed): // it is at it
			return errors.New(missing)
		}
		return &manualError{fmt.Errorf("%s; change it in Git (%s), or the Fleet%s", missing, written, thenApply(s, control))}
	case state.PublicKey == "":
		return fmt.Errorf("namespace %q has no Secret %s with the satellite's key%s", s.Region.Satellite.Namespace, satellite.KeySecret, said(s, control))
	case control.ReplacesKey:
		return &manualError{fmt.Errorf("a sync of %s may replace the satellite's key: it needs ignoreDifferences for Secret %s and "+
			"RespectIgnoreDifferences=true, as `%s` writes them", control.Owner, satellite.KeySecret, s.Region.Command("export argocd"))}
	}
	return nil
}

// unsure returns what cannot be told of the owner of an installed satellite; "" if nothing.
func unsure(control gitops.Control) string {
	if control.Owner.Tool != gitops.ArgoCD || control.Err == nil {
		return ""
	}
	return fmt.Sprintf("; cannot tell whether its syncs keep the satellite's key: %v", control.Err)
}

// thenApply says how what is in Git gets into the cluster; nothing if the owner's object, and so its place in Git, is unknown.
func thenApply(s *snapshot.Snapshot, control gitops.Control) string {
	command := control.ApplyCommand(s.Region.Satellite.Context)
	switch {
	case control.Err != nil:
		return ""
	case command == "":
		return fmt.Sprintf("; then wait until %s has applied it", control.Owner.Tool)
	}
	return "; then `" + command + "`"
}

// said returns what the controller says about the release that it owns.
func said(s *snapshot.Snapshot, control gitops.Control) string {
	switch {
	case control.Err != nil:
		return fmt.Sprintf("; %v", control.Err)
	case control.Suspended:
		return "; " + control.Owner.String() + " is suspended; resume it: `" + control.Owner.Command("resume", s.Region.Satellite.Context) + "`"
	case control.Message != "":
		return fmt.Sprintf("; %s says: %s", control.Owner, control.Message)
	default:
		return ""
	}
}
