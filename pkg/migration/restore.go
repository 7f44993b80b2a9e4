package migration

import (
	"context"
	"errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
)

// Bringing back a legacy release that was uninstalled, which several steps and
// a remedy do.

// restore brings back the record from its backup, and objects that are missing.
// Those of APIs that the cluster no longer serves cannot come back; forced, it
// says so and continues.
func restore(ctx context.Context, run *Run, force bool) error {
	lost := run.Source.Legacy(run.Now).Of(*run.Now.Legacy.Value().Release)
	if err := lost.RestoreRecord(ctx); err != nil {
		return err
	}
	_, err := lost.RecreateObjects(ctx)
	if err != nil && force {
		run.Progress("continuing without them, as --force asks: %v", err)
		return nil
	}
	return err
}

// bringBackLegacy restores the release that the ledger names from its backup.
func (run *Run) bringBackLegacy(ctx context.Context) (string, error) {
	ledger := run.ProviderRecord.Retention
	release := legacy.Release{Context: run.Source.Declared.Context, Namespace: ledger.Namespace, Name: ledger.Release, Backup: ledger.Backup, Ledger: ledger}
	if found := run.Initial.Legacy.Value().Release; found != nil {
		release = *found
	}
	lost := run.Source.Legacy(run.Now).Of(release)
	err := lost.RestoreRecord(ctx)
	_, objectsErr := lost.RecreateObjects(ctx)
	return "the legacy release is restored from its backup", errors.Join(err, objectsErr)
}
