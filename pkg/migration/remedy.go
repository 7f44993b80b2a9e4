package migration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

const rebuildTimeout = 5 * time.Minute // of a canary after a failure

// remedy carries a remedy out and returns a sentence about the result.
func (run *Run) remedy(ctx context.Context, r remedy) (string, error) {
	switch r.act {
	case switchOff:
		return run.switchOff(ctx)
	case uninstallRelease:
		return "the satellite's release was uninstalled", run.Source.Satellite().Uninstall()
	case revertRelease:
		return fmt.Sprintf("the satellite's release is rolled back to revision %d", r.revision),
			run.Source.Satellite().Rollback(r.revision)
	case deleteRegistration:
		return "the registration was deleted", run.deleteRegistration(ctx, r.registration)
	case bringBackLegacy:
		return run.bringBackLegacy(ctx)
	case rebuildAgain:
		return run.rebuildAgain(ctx)
	default:
		return "", fmt.Errorf("unknown remedy %d", r.act)
	}
}

// provider returns the provider as it was read last, or at the beginning.
func (run *Run) provider() coder.Provider {
	if provider, known := run.Now.Provider.Get(); known {
		return provider
	}
	return run.Initial.Provider.Value()
}

// switchOff switches the provider back, repeatedly, until the primary confirms it or ctx ends. If the lock cannot be checked
// because the region's cluster does not answer, it bypasses the fence: off is safe whoever holds the lock.
func (run *Run) switchOff(ctx context.Context) (string, error) {
	noted := run.listWorkspaces(ctx)
	said, err := run.switchUntilOff(ctx)
	if err == nil && run.Now.Networking() == v1alpha1.NetworkingV2Off {
		run.ProviderRecord.Switched = <-noted
	}
	return said, err
}

// listTimeout bounds the listing of workspaces during a switch after a failure.
const listTimeout = 10 * time.Second

// listWorkspaces returns what the journal keeps of a switch back. The switch must not wait for it.
func (run *Run) listWorkspaces(ctx context.Context) <-chan *journal.Switch {
	noted := make(chan *journal.Switch, 1)
	at, id := run.Clock.Now(), run.provider().ID
	go func() { // ends with the listing
		ctx, cancel := context.WithTimeout(ctx, listTimeout)
		defer cancel()
		list, err := run.Source.Primary.ProviderWorkspaces(ctx, id)
		noted <- workspaces.Switched(false, at, list, err == nil)
	}()
	return noted
}

func (run *Run) switchUntilOff(ctx context.Context) (said string, err error) {
	api, unfenced := run.Source.Primary, ""
	err = run.until(ctx, "switching Networking v2 off", func() error {
		err := switchNetworking(ctx, api, run.provider(), false)
		if is[*lock.RefusedError](err) && run.Unfenced != nil && !ownedByAnother(err) && unfenced == "" {
			api, unfenced = run.Unfenced, "; the lock in the region's cluster could not be checked"
			err = switchNetworking(ctx, api, run.provider(), false)
		}
		run.Refresh(ctx, snapshot.ItemProvider)
		switch networking := run.Now.Networking(); {
		case networking == v1alpha1.NetworkingV2Off:
			said = "the provider is back on the legacy path (Networking v2 off)" + unfenced
			return nil
		case networking == v1alpha1.NetworkingV2AlwaysOn:
			said = fmt.Sprintf("a primary of v%s always uses Networking v2: there is nothing to switch", run.Now.Primary.Version.Value())
			return nil
		case err == nil:
			return errors.New("it was switched off, and is on again")
		case ownedByAnother(err):
			return hopeless(err)
		default:
			return answered(err)
		}
	})
	return said, err
}

func (run *Run) rebuildAgain(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, rebuildTimeout)
	defer cancel()
	canary := run.ProviderRecord.Canary
	workspace, err := run.Source.Primary.Workspace(ctx, canary.ID)
	if err != nil {
		return "", err
	}
	if workspace.Updating {
		if workspace, err = awaitForeignBuild(ctx, run, workspace); err != nil {
			return "", err
		}
	}
	if err := run.builder().Rebuild(ctx, workspace); err != nil {
		return "", err
	}
	again := journal.Canary{ID: workspace.ID, Name: workspace.Name, Proves: journal.ProvesLegacy, Asked: true, Rebuilt: true}
	run.ProviderRecord.Canary = &again
	if canary.Proves == journal.ProvesFinalized {
		return fmt.Sprintf("workspace %q is rebuilt, with the legacy release restored", workspace.Name), nil
	}
	return fmt.Sprintf("workspace %q is rebuilt on the legacy path", workspace.Name), nil
}

// keepEvidence writes the satellite's pods, events and last log lines, and the run's records, to a new folder, and returns
// its path.
func keepEvidence(ctx context.Context, run *Run, operation string) (string, error) {
	if run.Options.EvidenceDir == "" {
		return "", nil
	}
	region := run.Source.Region
	at := run.Clock.Now().UTC().Format("20060102T150405Z")
	dir := filepath.Join(run.Options.EvidenceDir, fmt.Sprintf("%s-%s-%s", region.Name, operation, at))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	files, errs := map[string][]byte{}, []error{}
	if !region.Satellite.None() {
		seen, err := run.Source.Satellite().Evidence(ctx)
		maps.Copy(files, seen)
		errs = append(errs, err)
	}
	for name, record := range map[string]*journal.Record{"journal.yaml": run.SatelliteRecord, "journal-provider.yaml": run.ProviderRecord} {
		if record == nil {
			continue
		}
		text, err := yaml.Marshal(record)
		files[name], errs = text, append(errs, err)
	}
	for name, content := range files {
		errs = append(errs, os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(redact.Text(string(content))), 0o600))
	}
	return dir, errors.Join(errs...)
}
