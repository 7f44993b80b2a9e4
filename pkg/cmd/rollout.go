package cmd

import (
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// runFlags are the flags of verbs that change regions.
type runFlags struct {
	yes         bool
	options     migration.Options
	maxParallel int
	maxFailures int
	// planned is the plan that the run must match; nil if there is none.
	planned *v1alpha1.Plan
}

func (r *runFlags) addTo(f *pflag.FlagSet) {
	f.BoolVarP(&r.yes, "yes", "y", false, "do not ask before acting; the contexts must then be named")
	f.DurationVar(&r.options.Timeout, "timeout", time.Hour, "time for one region; 0 for no limit")
	f.DurationVar(&r.options.StepTimeout, "step-timeout", 15*time.Minute, "time for one step; 0 for no limit")
	f.DurationVar(&r.options.LockDuration, "lock-duration", lock.DefaultDuration, "time after which the lock of a run that died is free")
	f.BoolVar(&r.options.NoRollback, "no-rollback", false, "after a failure undo nothing, not even the switch")
	f.StringVar(&r.options.EvidenceDir, "evidence-dir", evidenceDir(), "folder where evidence of failures is kept")
	f.IntVar(&r.maxParallel, "max-parallel", 0, "regions at work at once (default 4, or what the Fleet says)")
	f.IntVar(&r.maxFailures, "max-failures", 0, "regions that may fail before no further one starts")
}

// check refuses times and counts that cannot be meant.
func (r *runFlags) check() error {
	for _, limit := range []struct {
		flag  string
		value time.Duration
	}{{"--timeout", r.options.Timeout}, {"--step-timeout", r.options.StepTimeout}} {
		if limit.value < 0 {
			return usagef("%s is %s: it must be 0, for no limit, or more", limit.flag, limit.value)
		}
	}
	switch {
	case r.maxParallel < 0:
		return usagef("--max-parallel is %d: it must be 1 or more", r.maxParallel)
	case r.maxFailures < 0:
		return usagef("--max-failures is %d: it must be 0 or more", r.maxFailures)
	default:
		return positive("--lock-duration", r.options.LockDuration)
	}
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

// identify tells the runs who the operator is, which the plan found out.
func identify(rollout *migration.Rollout, plan *v1alpha1.Plan) {
	for _, runner := range rollout.Runners {
		runner.Options.Operator = plan.Primary.Operator
	}
}

// rollout returns the operation on the connection's regions.
func (r *runFlags) rollout(c *connection, env Environment, operation migration.Operation, report func(v1alpha1.Progress)) *migration.Rollout {
	options := r.options
	options.RunID = uuid.NewString()[:8]
	options.Host, _ = os.Hostname() // a lock without a host's name is still one
	rollout := &migration.Rollout{Waves: c.fleet.Waves, MaxParallel: c.fleet.MaxParallel, MaxFailures: c.fleet.MaxFailures}
	records, _ := cluster.StorageDriver(helmDriver(env)) // opening the regions has checked it
	for _, source := range c.sources {
		source.Needs = func(s *snapshot.Snapshot) []cluster.Rule { return operation.Rights(s.Scope(records)) }
		rollout.Runners = append(rollout.Runners, &migration.Runner{
			Operation: operation,
			Source:    source,
			Options:   options,
			Clock:     env.Clock,
			Fenced: func(wrap func(http.RoundTripper) http.RoundTripper) (*snapshot.Source, error) {
				return fenced(source, wrap)
			},
			Report: report,
		})
	}
	return rollout
}
