package migration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// facts is a change of one fact of a situation.
type facts func(s *situation)

func of(owner Owner) facts                   { return func(s *situation) { s.owner = owner } }
func applied(steps ...string) facts          { return func(s *situation) { s.begun = steps } }
func record(r journal.Record) facts          { return func(s *situation) { *s.record = r } }
func now(f func(*snapshot.Snapshot)) facts   { return func(s *situation) { f(s.now) } }
func found(f func(*snapshot.Snapshot)) facts { return func(s *situation) { f(s.before) } }

// op selects an operation other than migrate. finalize requires a primary of v1.22.
func op(name string) facts {
	return func(s *situation) {
		s.steps = map[string]Operation{"retain": Retain(Refuse), "rollback": Rollback(RollbackOptions{}), "finalize": Finalize(false)}[name].Steps
		if name == "finalize" {
			s.now.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0"))
		}
	}
}

func offIn(s *snapshot.Snapshot) {
	set(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = ptr.To(false) })
}

func noPrimary(s *snapshot.Snapshot) { s.Provider = snapshot.Unknown[coder.Provider](errNothing) }

func noAnswer(s *snapshot.Snapshot) {
	set(&s.Endpoint, func(e *snapshot.Endpoint) { e.KeyErr = errNothing })
}

func noCluster(s *snapshot.Snapshot) {
	s.Satellite = snapshot.Unknown[satellite.State](errNothing)
	s.Legacy = snapshot.Unknown[snapshot.Legacy](errNothing)
}

func notRetained(s *snapshot.Snapshot) {
	set(&s.Legacy, func(l *snapshot.Legacy) { l.Retention.Complete, l.Retention.Missing = false, []string{"an annotation"} })
}

func legacyDown(s *snapshot.Snapshot) {
	set(&s.Legacy, func(l *snapshot.Legacy) {
		l.Readiness, l.Reach = legacy.Readiness{Problems: []string{"gone"}}, probe.Result{Stage: "TCP", Err: errNothing}
	})
}

func release(revision, last int, status string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		set(&s.Satellite, func(x *satellite.State) {
			x.Installed, x.Revision, x.LastRevision, x.LastStatus = revision > 0, revision, last, status
		})
	}
}

// incomplete is the journal of an unfinished migration that created the satellite's first Helm
// record.
func incomplete() journal.Record {
	return journal.Record{
		Operation: "migrate", Before: &journal.Before{NetworkingV2: ptr.To(false), SatelliteRecords: ptr.To(0)},
		Retention: &journal.Ledger{Namespace: "coder", Release: "coder-workspace-provider", Revision: 1},
	}
}

func complete() journal.Record {
	r := incomplete()
	r.Migrated = true
	return r
}

func TestCompensate(t *testing.T) {
	with := func(change func(*journal.Record)) journal.Record {
		r := incomplete()
		change(&r)
		return r
	}
	asked := with(func(r *journal.Record) {
		r.Canary = &journal.Canary{ID: "w", Proves: journal.ProvesSatellite, Asked: true}
	})
	canary := func(change func(*journal.Canary)) facts {
		c := *asked.Canary
		change(&c)
		return record(with(func(r *journal.Record) { r.Canary = &c }))
	}
	for name, test := range map[string]struct {
		failed string
		facts  []facts
		want   []string // the remedies, or a part of the reason why they are unknown
		says   string
	}{
		// The switch.
		"a proof fails":                    {"rebuild-canary", []facts{}, []string{"switch off"}, ""},
		"the last proof fails":             {"verify-connectivity", []facts{}, []string{"switch off"}, ""},
		"the switch itself fails":          {"enable-networking-v2", []facts{applied("enable-networking-v2")}, []string{"switch off"}, ""},
		"a signal, all well":               {"", nil, nil, ""},
		"a signal, nothing answers":        {"", []facts{now(noAnswer)}, []string{"switch off"}, ""},
		"a signal, nothing is known":       {"", []facts{now(noCluster)}, nil, ""},
		"resumed, nothing answers":         {"expose-satellite", []facts{now(noAnswer)}, []string{"switch off"}, ""},
		"resumed, another key":             {"install-satellite", []facts{now(otherKey)}, []string{"switch off"}, ""},
		"resumed, the cluster is away":     {"install-satellite", []facts{now(noCluster)}, []string{"switch off"}, ""},
		"resumed, all well":                {"retain-legacy", nil, nil, ""},
		"resumed, the primary is away":     {"retain-legacy", []facts{now(noPrimary)}, nil, ""},
		"the primary is away at the proof": {"rebuild-canary", []facts{now(noPrimary)}, []string{"switch off"}, ""},
		"away, and it was off":             {"retain-legacy", []facts{found(offIn), now(noPrimary)}, nil, ""},
		"away, it was off, and this run began to switch it": {
			"enable-networking-v2", []facts{found(offIn), applied("enable-networking-v2"), now(noPrimary)}, []string{"switch off"}, "",
		},
		"retention is partial, the legacy path serves":       {"retain-legacy", []facts{now(notRetained)}, []string{"switch off"}, ""},
		"retention is partial, the legacy path is down":      {"retain-legacy", []facts{now(notRetained), now(legacyDown)}, nil, "Networking v2 stays on"},
		"retain fails, the migration is not complete":        {"retain-legacy", []facts{op("retain"), now(notRetained)}, []string{"switch off"}, ""},
		"retain fails, the migration is complete":            {"retain-legacy", []facts{op("retain"), record(complete()), now(notRetained)}, nil, ""},
		"migrate fails to repair, the migration is complete": {"retain-legacy", []facts{record(complete()), now(notRetained)}, nil, ""},
		"a proof fails, the migration was complete":          {"verify-connectivity", []facts{record(complete())}, nil, ""},
		"complete, and nothing answers":                      {"expose-satellite", []facts{record(complete()), now(noAnswer)}, nil, "was complete: the access URL"},
		"it is off":                                          {"rebuild-canary", []facts{now(offIn)}, nil, ""},
		"it is always on": {"rebuild-canary", []facts{now(func(s *snapshot.Snapshot) {
			s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0"))
		})}, nil, ""},
		"it was on before": {"verify-connectivity", []facts{record(with(func(r *journal.Record) { r.Before.NetworkingV2 = ptr.To(true) }))}, nil, ""},
		"no journal, nothing answers": {
			"expose-satellite", []facts{record(journal.Record{}), now(noAnswer)}, nil, "no journal says that it was off",
		},
		"a journal that does not say what it was": {
			"expose-satellite", []facts{record(with(func(r *journal.Record) { r.Before.NetworkingV2 = nil })), now(noAnswer)}, nil, "no journal says that it was off",
		},
		"the satellite's part leaves it to providers": {"expose-satellite", []facts{of(OwnerSatellite), now(noAnswer)}, nil, ""},

		// The satellite's release.
		"a first installation fails": {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(0, 0, "")), now(release(0, 1, "failed"))}, []string{"uninstall"}, ""},
		"a first installation by Flux": {
			"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(0, 0, "")), now(release(0, 1, "failed")), now(fluxInstalls(func(*satellite.State) {}))}, nil, "stays as it is: Flux's HelmRelease coder/coder owns it",
		},
		"Flux's until somebody removed its labels": {
			"install-satellite", []facts{applied("install-satellite"), record(complete()), found(fluxInstalls(func(*satellite.State) {})), found(release(3, 3, "deployed")), now(release(4, 4, "deployed"))}, nil, "stays as it is: Flux's HelmRelease",
		},
		"it fails before a record":       {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(0, 0, "")), now(release(0, 0, ""))}, nil, ""},
		"a pending installation is gone": {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(0, 1, "pending-install")), now(release(0, 0, ""))}, nil, ""},
		"what follows a first installation fails, the switch hides": {
			"expose-satellite", []facts{applied("install-satellite", "expose-satellite"), found(noPrimary), now(noPrimary), found(release(0, 0, "")), now(release(1, 1, "deployed"))}, nil, "",
		},
		"an earlier run's pending installation":   {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(0, 1, "pending-install")), now(release(0, 1, "failed"))}, []string{"uninstall"}, ""},
		"a pending installation that was refused": {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(0, 1, "pending-install")), now(release(0, 1, "pending-install"))}, nil, ""},
		"a failed record of somebody else's": {
			"install-satellite", []facts{applied("install-satellite"), record(with(func(r *journal.Record) { r.Before.SatelliteRecords = ptr.To(1) })), found(offIn), now(offIn), found(release(0, 1, "failed")), now(release(0, 2, "failed"))},
			nil, "no revision to go back to",
		},
		"a record in use whose status is failed": {
			"install-satellite", []facts{applied("install-satellite"), record(complete()), found(release(0, 1, "failed")), now(release(0, 2, "failed"))}, nil, "stays as it is",
		},
		"an old journal does not say who made it": {
			"install-satellite", []facts{applied("install-satellite"), record(with(func(r *journal.Record) { r.Before.SatelliteRecords = nil })), found(offIn), now(offIn), found(release(0, 0, "")), now(release(0, 1, "failed"))},
			nil, "stays as it is",
		},
		"an upgrade fails":                          {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(offIn), found(release(3, 3, "deployed")), now(release(3, 4, "failed"))}, []string{"revert to 3"}, ""},
		"an upgrade fails that users depend on":     {"install-satellite", []facts{applied("install-satellite"), record(complete()), found(release(3, 3, "deployed")), now(release(4, 4, "deployed"))}, []string{"revert to 3"}, ""},
		"what follows an upgrade fails, in use":     {"expose-satellite", []facts{applied("install-satellite", "expose-satellite"), record(complete()), found(release(3, 3, "deployed")), now(release(4, 4, "deployed"))}, []string{"revert to 3"}, ""},
		"what follows an upgrade fails, not in use": {"expose-satellite", []facts{applied("install-satellite", "expose-satellite"), found(offIn), now(offIn), found(release(3, 3, "deployed")), now(release(4, 4, "deployed"))}, nil, ""},
		"nothing changed":                           {"install-satellite", []facts{applied("install-satellite"), record(complete()), found(release(3, 3, "deployed")), now(release(3, 3, "deployed"))}, nil, ""},
		"the release is unknown now":                {"install-satellite", []facts{applied("install-satellite"), record(complete()), now(noCluster)}, nil, "because its present state is unknown"},
		"the release was unknown":                   {"install-satellite", []facts{applied("install-satellite"), record(complete()), found(noCluster)}, nil, "because its earlier state is unknown"},
		"a first installation, the switch hides":    {"install-satellite", []facts{applied("install-satellite"), found(offIn), now(noPrimary), found(release(0, 0, "")), now(release(0, 1, "failed"))}, nil, "the provider is unknown"},

		// The registration.
		"the registration is ours": {
			"register-satellite", []facts{applied("register-satellite"), found(offIn), now(offIn), record(with(func(r *journal.Record) { r.RegistrationID = "r" }))}, []string{"unregister r"}, "",
		},
		"the registration was there before": {
			"register-satellite", []facts{applied("register-satellite"), found(offIn), now(offIn), record(with(func(r *journal.Record) { r.RegistrationID, r.Before.RegistrationID = "r", "r" }))}, nil, "",
		},
		"the registration is somebody else's": {"register-satellite", []facts{applied("register-satellite"), found(offIn), now(offIn)}, nil, ""},
		"the registration is in use": {
			"register-satellite", []facts{applied("register-satellite"), record(with(func(r *journal.Record) { r.RegistrationID, r.Migrated = "r", true }))}, nil, "stays: provider",
		},
		"what follows the registration fails": {
			"verify-satellite", []facts{applied("register-satellite", "verify-satellite"), found(offIn), now(offIn), record(with(func(r *journal.Record) { r.RegistrationID = "r" }))}, nil, "",
		},
		"the registration fails before it is begun": {
			"register-satellite", []facts{found(offIn), now(offIn), record(with(func(r *journal.Record) { r.RegistrationID = "r" }))}, nil, "",
		},
		"the registration is gone": {
			"register-satellite", []facts{applied("register-satellite"), found(offIn), now(offIn), record(with(func(r *journal.Record) { r.RegistrationID = "x" }))}, nil, "",
		},
		"a journal that does not say what was registered": {
			"register-satellite", []facts{applied("register-satellite"), found(offIn), now(offIn), record(journal.Record{RegistrationID: "r"})}, nil, "",
		},
		"registrations are unknown": {
			"register-satellite", []facts{applied("register-satellite"), found(offIn), now(offIn), now(func(s *snapshot.Snapshot) { s.Registrations = snapshot.Unknown[[]coder.Satellite](errNothing) })},
			nil, "whether the satellite is registered is unknown",
		},

		// The canary and the legacy release.
		"the canary, once it is off":   {"rebuild-canary", []facts{record(asked), now(offIn)}, []string{"rebuild"}, ""},
		"the canary, for another path": {"rebuild-canary", []facts{canary(func(c *journal.Canary) { c.Proves = journal.ProvesLegacy }), now(offIn)}, nil, ""},
		"the canary, not asked":        {"rebuild-canary", []facts{canary(func(c *journal.Canary) { c.Asked = false }), now(offIn)}, nil, ""},
		"the canary, of none":          {"rebuild-canary", []facts{canary(func(c *journal.Canary) { c.ID = "" }), now(offIn)}, nil, ""},
		"the canary, not built since":  {"rebuild-canary", []facts{canary(func(c *journal.Canary) { c.BuiltBefore = testNow }), now(offIn)}, nil, ""},
		"the canary, building": {"rebuild-canary", []facts{canary(func(c *journal.Canary) { c.BuiltBefore = testNow }), now(offIn), now(func(s *snapshot.Snapshot) {
			set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.Updating = true })
		})}, []string{"rebuild"}, ""},
		"the canary, unknown": {"rebuild-canary", []facts{canary(func(c *journal.Canary) { c.BuiltBefore = time.Time{} }), now(offIn), now(func(s *snapshot.Snapshot) {
			s.Canary = snapshot.Unknown[snapshot.Canary](errNothing)
		})}, []string{"rebuild"}, ""},
		"the canary of a complete migration":  {"rebuild-canary", []facts{record(with(func(r *journal.Record) { r.Migrated, r.Canary = true, asked.Canary })), now(offIn)}, nil, ""},
		"the canary, back on the legacy path": {"rebuild-canary", []facts{op("rollback"), canary(func(c *journal.Canary) { c.Proves = journal.ProvesLegacy }), now(offIn)}, nil, ""},
		"finalize fails before its canary": {"remove-legacy", []facts{op("finalize"), applied("remove-legacy"), canary(func(c *journal.Canary) { c.Proves = journal.ProvesFinalized })},
			[]string{"bring back"}, ""},
		"the canary, while it is on": {"rebuild-canary", []facts{record(asked)}, []string{"switch off"}, ""},
		"finalize fails": {"rebuild-canary", []facts{op("finalize"), applied("remove-legacy", "rebuild-canary"), now(noLegacy), record(with(func(r *journal.Record) {
			r.Canary = &journal.Canary{ID: "w", Proves: journal.ProvesFinalized, Asked: true}
		}))}, []string{"bring back", "rebuild"}, ""},
		"finalize fails in a later run":                     {"rebuild-canary", []facts{op("finalize"), applied("rebuild-canary"), now(noLegacy)}, []string{"bring back"}, ""},
		"finalize fails in a later run, its record is gone": {"rebuild-canary", []facts{op("finalize"), applied("rebuild-canary"), now(recordGone)}, []string{"bring back"}, ""},
		"finalize fails, nothing was retained":              {"remove-legacy", []facts{op("finalize"), applied("remove-legacy"), now(noLegacy), record(with(func(r *journal.Record) { r.Retention = nil }))}, nil, ""},
		"finalize fails early":                              {"remove-legacy", []facts{op("finalize")}, nil, ""},
		"finalize fails, nothing is known":                  {"rebuild-canary", []facts{op("finalize"), now(noCluster)}, []string{"bring back"}, ""},
		"rollback fails":                                    {"verify-legacy-path", []facts{op("rollback"), now(offIn)}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := incomplete()
			s := situation{steps: Migrate(false, Refuse).Steps, failed: test.failed, before: migrated(t), now: migrated(t), record: &r}
			for _, change := range test.facts {
				change(&s)
			}
			s.now.ProviderJournal, s.now.SatelliteJournal = snapshot.Known(s.record), snapshot.Known(s.record)
			todo, unknown := compensate(s)
			if diff := cmp.Diff(test.want, worded(todo)); diff != "" {
				t.Error(diff)
			}
			if got := strings.Join(unknown, "; "); !strings.Contains(got, test.says) || test.says == "" && got != "" {
				t.Errorf("it says %q, want %q", got, test.says)
			}
		})
	}
}

// worded describes remedies in words.
func worded(todo []remedy) []string {
	var words []string
	for _, r := range todo {
		words = append(words, map[act]string{
			switchOff: "switch off", uninstallRelease: "uninstall", revertRelease: fmt.Sprintf("revert to %d", r.revision),
			deleteRegistration: "unregister " + r.registration, bringBackLegacy: "bring back", rebuildAgain: "rebuild",
		}[r.act])
	}
	return words
}

// If no facts are known, nothing is removed, whichever step failed.
func TestCompensateKnowsNothing(t *testing.T) {
	for _, operation := range []Operation{Migrate(false, Refuse), Retain(Refuse), Rollback(RollbackOptions{RemoveSatellite: true}), Remove(false)} {
		for _, step := range operation.Steps {
			for _, r := range []journal.Record{{}, incomplete(), complete()} {
				r.RegistrationID, r.Canary = "r", &journal.Canary{ID: "w", Proves: journal.ProvesSatellite, Asked: true}
				todo, _ := compensate(situation{
					steps: operation.Steps, failed: step.Name, begun: []string{step.Name},
					before: &snapshot.Snapshot{Region: fresh(t).Region}, now: &snapshot.Snapshot{Region: fresh(t).Region, ProviderJournal: snapshot.Known(&r), SatelliteJournal: snapshot.Known(&r)}, record: &r,
				})
				if slices.ContainsFunc(todo, func(r remedy) bool { return r.act != switchOff }) {
					t.Errorf("%s fails at %s: %v", operation.Name, step.Name, worded(todo))
				}
			}
		}
	}
}
