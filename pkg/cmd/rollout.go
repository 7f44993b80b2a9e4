package cmd

import (
	"net/http"
	"os"

	"github.com/google/uuid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

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
		source.Needs = func(s *snapshot.Snapshot) []cluster.Rule { return operation.Rights(migration.PlaceOf(s, records)) }
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
