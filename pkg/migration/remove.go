package migration

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Remove returns the operation that unregisters and uninstalls a satellite. Unless forced, it refuses while users depend on it.
func Remove(force bool) Operation {
	base := checks("operator-role", "cluster-reachable", "region-distinct", "cluster-rights", "provider-found")
	return Operation{
		Name:  "remove",
		Items: append(snapshot.StatusItems(), snapshot.ItemUsers),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
			results := base(s)
			if err := inUse(s); err != nil && !force && s.Provider.IsKnown() && s.Satellite.Value().Exists() {
				results = append(results, v1alpha1.CheckResult{
					ID: "networking-v2", Category: "satellite", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail,
					Message: fmt.Sprintf("the satellite is in use: %v", err),
					Hint:    "or remove it regardless with --force --reason WHY",
				})
			}
			return results
		},
		Steps:         []Step{unregisterSatellite(force), uninstallSatellite(force)},
		DoneSatellite: func(record *journal.Record) { record.RegistrationID, record.Serves = "", nil },
	}
}
