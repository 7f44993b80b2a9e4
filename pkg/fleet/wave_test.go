package fleet_test

import (
	"strconv"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// wavesOfTen are waves of ten regions at once.
func wavesOfTen(regions ...[]string) (waves []fleet.Wave) {
	for i, names := range regions {
		waves = append(waves, fleet.Wave{Name: strconv.Itoa(i + 1), Regions: names, MaxParallel: 10})
	}
	return waves
}
