package migration

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"

// verifySatellite proves that the primary's API answers through the satellite.
func verifySatellite() Step {
	step := Step{Name: "verify-satellite", Owner: OwnerSatellite, Reads: []snapshot.Item{snapshot.ItemEndpoint}}
	return step.waits("the primary's API", (*snapshot.Snapshot).PathAnswers, func(*snapshot.Snapshot) string {
		return "the primary's API answers through the satellite"
	})
}
