package migration

import (
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// TestLatest: what is reported of the satellite is what was seen last, whoever saw
// it: a rollback ends with the satellite's steps, a migration with a provider's,
// and after a failure it is the parts that failed which look once more.
func TestLatest(t *testing.T) {
	for name, test := range map[string]struct {
		operation                   Operation
		satellite, first, second    int // seconds; negative if the part was not begun
		fromSatellite, fromProvider bool
	}{
		"a migration":                      {Migrate(MigrateOptions{}), 1, 2, 3, false, true},
		"at the same instant":              {Migrate(MigrateOptions{}), 1, 1, 1, false, true},
		"a satellite that failed":          {Migrate(MigrateOptions{}), 4, 2, 3, true, false},
		"a rollback that removes it":       {Rollback(RollbackOptions{RemoveSatellite: true}), 3, 1, 2, true, false},
		"removed at the same instant":      {Rollback(RollbackOptions{RemoveSatellite: true}), 1, 1, 1, true, false},
		"a provider that kept it in place": {Rollback(RollbackOptions{RemoveSatellite: true}), 1, 2, 3, false, true},
		"none begun":                       {Migrate(MigrateOptions{}), -1, -1, -1, false, false},
		"the satellite alone":              {Migrate(MigrateOptions{}), 1, -1, -1, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			at := func(owner Owner, second int) *part {
				p := &part{owner: owner}
				if second >= 0 {
					p.run = &Run{Now: &snapshot.Snapshot{Taken: time.Unix(int64(second), 0)}}
				}
				return p
			}
			run := &regionRun{
				operation: test.operation, satellite: at(OwnerSatellite, test.satellite),
				providers: []*part{at(OwnerProvider, test.first), at(OwnerProvider, test.second)},
			}
			got := run.latest()
			is := func(p *part) bool { return p.run != nil && got == p.run.Now }
			if is(run.satellite) != test.fromSatellite || is(run.providers[1]) != test.fromProvider {
				t.Errorf("got %+v", got)
			}
		})
	}
}
