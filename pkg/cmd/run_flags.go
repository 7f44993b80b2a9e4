package cmd

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// runFlags are the flags that say how a verb changes regions, whichever they are.
type runFlags struct {
	yes     bool
	options migration.Options
}

func (r *runFlags) addTo(f *pflag.FlagSet) {
	f.BoolVarP(&r.yes, "yes", "y", false, "do not ask before acting; the contexts must then be named")
	f.DurationVar(&r.options.Timeout, "timeout", time.Hour, "time for one region; 0 for no limit")
	f.DurationVar(&r.options.StepTimeout, "step-timeout", 15*time.Minute, "time for one step; 0 for no limit")
	f.DurationVar(&r.options.LockDuration, "lock-duration", lock.DefaultDuration, "time after which the lock of a run that died is free")
	f.BoolVar(&r.options.NoRollback, "no-rollback", false, "after a failure undo nothing, not even the switch")
	f.StringVar(&r.options.EvidenceDir, "evidence-dir", evidenceDir(), "folder where evidence of failures is kept")
}

func addWholeRegionsTo(f *pflag.FlagSet, whole *bool) {
	f.BoolVar(whole, "whole-regions", false, "leave a region alone if one of its providers cannot be migrated now")
}

// check refuses times that cannot be meant.
func (r *runFlags) check() error {
	for _, limit := range []struct {
		flag  string
		value time.Duration
	}{{"--timeout", r.options.Timeout}, {"--step-timeout", r.options.StepTimeout}} {
		if limit.value < 0 {
			return usagef("%s is %s: it must be 0, for no limit, or more", limit.flag, limit.value)
		}
	}
	return positive("--lock-duration", r.options.LockDuration)
}

func (r *runFlags) addReasonTo(f *pflag.FlagSet) {
	f.StringVar(&r.options.Reason, "reason", "", "why; it is kept with what is done")
}

// needReason refuses a flag that overrides a refusal, if no reason is given.
func (r *runFlags) needReason(flag string, given bool) error {
	if given && r.options.Reason == "" {
		return usagef("%s needs a reason: give one with --reason", flag)
	}
	return nil
}
