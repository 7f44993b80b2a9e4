package cmd

import (
	"os"

	"github.com/google/uuid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

// rollout returns the operation on the connection's regions.
func (r *runFlags) rollout(c *connection, env Environment, operation migration.Operation, report func(v1alpha1.Progress)) *rollout.Rollout {
	options := r.options
	options.RunID = uuid.NewString()[:8]
	options.Host, _ = os.Hostname() // a lock without a host's name is still one
	return &rollout.Rollout{
		Rules:     rollout.Rules{Waves: c.fleet.Waves, MaxParallel: c.fleet.MaxParallel, MaxFailures: c.fleet.MaxFailures},
		Survey:    c.survey,
		Operation: operation,
		Options:   options,
		Clock:     env.Clock,
		Report:    report,
	}
}
