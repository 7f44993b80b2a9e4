package migration

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// preflightMigrate evaluates the checks that must pass before a migration.
func preflightMigrate(s *snapshot.Snapshot) []v1alpha1.CheckResult {
	return health.Evaluate(health.Preflight(), s)
}
