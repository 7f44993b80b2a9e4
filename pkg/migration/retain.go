package migration

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"

// Retain returns the operation that only retains the legacy release.
func Retain() Operation {
	return Operation{
		Name:  "retain",
		Items: snapshot.StatusItems(),
		Preflight: checks("primary-version", "operator-role", "provider-cluster", "region-distinct", "provider-rights",
			"provider-found", "legacy-found", "legacy-idle"),
		Steps: []Step{retainLegacy()},
	}
}
