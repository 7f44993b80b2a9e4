package fleet_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Reading any bytes ends without a panic, and every fleet that is accepted keeps the invariants
// that Fleet documents.
func FuzzReadFleet(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte(head + "regions: {? {a: b} : c}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := fleet.ReadFile(fleet.Stdin, bytes.NewReader(data))
		if err != nil {
			_ = err.Error()
			return
		}
		inWaves := make(map[string]int)
		for _, wave := range got.Waves {
			for _, name := range wave.Regions {
				inWaves[name]++
			}
		}
		for _, region := range got.Regions {
			satellite := region.Satellite
			if region.Name == "" || len(region.Providers) == 0 ||
				!satellite.None() && (satellite.Namespace == "" || satellite.Release == "" || satellite.AccessURL == "") {
				t.Errorf("incomplete: %+v", region)
			}
			for _, provider := range region.Providers {
				if provider.Context == "" || provider.Canary == "" || satellite.None() && provider.Name == "" {
					t.Errorf("incomplete: %+v", region)
				}
			}
			if inWaves[region.Name] != 1 {
				t.Errorf("region %q is in %d waves", region.Name, inWaves[region.Name])
			}
		}
		if len(got.Regions) == 0 || len(got.Regions) != len(inWaves) || got.MaxParallel < 1 || got.MaxFailures < 0 {
			t.Errorf("bad fleet: %+v", got)
		}
	})
}
