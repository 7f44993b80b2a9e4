package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newMigrate(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := documented("migrate")
	var whole bool
	wholeRegionsFlag(cmd, &whole)
	policy := retainingFlag(cmd)
	file := cmd.Flags().String("plan", "",
		"carry out exactly this plan (from plan -o json), or refuse and name what has changed; - for standard input")
	return operationVerb(env, cmd, needs{regions: true, accessURL: true, chart: true, switches: true, measures: true, paced: true}, run, func(o *operationOptions) (err error) {
		if *file == fleet.Stdin && o.flags.Filename == fleet.Stdin {
			return usagef("--plan and --filename cannot both be standard input: give one of them as a file")
		}
		if *file != "" {
			o.planned, err = readPlan(env, *file)
		}
		o.operation, o.imperative = migration.Migrate(whole, *policy), "Migrate"
		return err
	})
}

func newRollback(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := documented("rollback")
	var options migration.RollbackOptions
	f := cmd.Flags()
	f.BoolVar(&options.RemoveSatellite, "remove-satellite", false, "also unregister and uninstall the satellite")
	f.BoolVar(&options.Force, "force", false, "roll back even though the legacy release is not ready; needs --reason")
	policy := gitopsFlag(cmd, "`POLICY` for a HelmRelease that an earlier run suspended: \"resume\" it in the end, or \"leave\" it suspended (default)", "leave", "resume")
	was := f.String("networking-v2-was", "", "whether Networking v2 was on or off before the migration, if no journal says so")
	return operationVerb(env, cmd, needs{regions: true, reason: true, switches: true, measures: true}, run, func(o *operationOptions) error {
		if *was != "" {
			on := *was == "on"
			options.NetworkingV2Was = &on
			if !on && *was != "off" {
				return usagef("--networking-v2-was is %q: it must be on or off", *was)
			}
		}
		options.Resume = *policy == "resume"
		o.operation, o.imperative = migration.Rollback(options), "Roll back"
		return nil
	})
}

func newRetain(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := documented("retain")
	policy := retainingFlag(cmd)
	return operationVerb(env, cmd, needs{regions: true, reason: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Retain(*policy), "Retain the legacy release of"
		return nil
	})
}

func newRemove(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := documented("remove")
	force := cmd.Flags().Bool("force", false, "remove it even though it is in use; needs --reason")
	return operationVerb(env, cmd, needs{regions: true, reason: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Remove(*force), "Remove the satellite of"
		return nil
	})
}

func newFinalize(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := documented("finalize")
	force := cmd.Flags().Bool("force", false, "remove it even though workspaces were not rebuilt yet; needs --reason")
	return operationVerb(env, cmd, needs{regions: true, accessURL: true, reason: true, measures: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Finalize(*force), "Remove the legacy release of"
		return nil
	})
}
