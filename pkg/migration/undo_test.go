package migration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The switch is taken back before the canary is built again, what is before the
// switch stays, and an earlier run's switch is taken back, too.
func TestUndoOrder(t *testing.T) {
	all := []string{
		"retain-legacy", "install-satellite", "expose-satellite", "register-satellite",
		"verify-satellite", "enable-networking-v2", "rebuild-canary", "verify-connectivity",
	}
	for name, test := range map[string]struct {
		operation Operation
		index     int
		attempted []string
		want      []string
	}{
		"the first step":                         {Migrate(), 0, all[:1], []string{"retain-legacy"}},
		"before the switch":                      {Migrate(), 3, all[:4], []string{"register-satellite"}},
		"the switch":                             {Migrate(), 5, all[:6], []string{"enable-networking-v2"}},
		"the canary":                             {Migrate(), 6, all[:7], []string{"enable-networking-v2", "rebuild-canary"}},
		"the proof":                              {Migrate(), 7, all, []string{"verify-connectivity", "enable-networking-v2", "rebuild-canary"}},
		"the canary, switched by an earlier run": {Migrate(), 6, all[6:7], []string{"enable-networking-v2", "rebuild-canary"}},
		"the proof, rebuilt by an earlier run":   {Migrate(), 7, all[7:], []string{"verify-connectivity", "enable-networking-v2"}},
		"the failed step was not tried":          {Migrate(), 2, all[:2], nil},
		"before the switch, in use":              {Migrate(), 2, all[:3], []string{"expose-satellite", "install-satellite"}},
		"the canary, in use":                     {Migrate(), 6, all[:7], []string{"enable-networking-v2", "install-satellite", "rebuild-canary"}},
		"another run's, in use":                  {Migrate(), 2, all[2:3], []string{"expose-satellite"}},
		"a rollback is not taken back":           {Rollback(RollbackOptions{RemoveSatellite: true}), 2, []string{"restore-legacy", "disable-networking-v2", "rebuild-canary"}, []string{"rebuild-canary"}},
		"finalize restores, then rebuilds":       {Finalize(), 1, []string{"remove-legacy", "rebuild-canary"}, []string{"remove-legacy", "rebuild-canary"}},
		"remove stays":                           {Remove(true), 1, []string{"unregister-satellite", "uninstall-satellite"}, []string{"uninstall-satellite"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, step := range undoOrder(test.operation, test.index, test.attempted, strings.HasSuffix(name, "in use")) {
				got = append(got, step.Name())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
