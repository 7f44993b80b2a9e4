package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newRetain(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("retain", "Make legacy releases survive a helm uninstall", `
Make the legacy release survive until it is removed on purpose: back up its record, add
the keep policy to the record's manifest and to the live objects, and label the record.
migrate does this before anything else; retain does only this, and repeats what an
upgrade of the legacy release has undone. Running it again changes nothing.

Afterwards "helm list -A -l coder-satellite.dev/retained=true" lists the releases.`, `
# Every legacy release of a fleet
kubectl coder-satellite retain -f fleet.yaml --reason "kept until v1.22"

# One region, by its kubeconfig context
kubectl coder-satellite retain --context sydney`)
	var suspend bool
	gitopsFlag(cmd, &suspend)
	return operationVerb(env, cmd, needs{regions: true, reason: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Retain(suspend), "Retain the legacy release of"
		return nil
	})
}
