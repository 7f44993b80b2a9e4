package health

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func legacyChecks() []Check {
	return in(categoryLegacy,
		check("legacy-found", fails, preflight, of(legacyFact, legacyFound),
			"Is there exactly one legacy release to roll back to?",
			"The legacy release is a Helm release of the chart workspace-provider, found through the labels of its envproxy Deployment in any namespace. Without one there is no way back to the legacy path. Several usually mean that somebody installed it twice; remove the one that the provider does not use."),
		check("legacy-idle", fails, preflight, legacyIdle,
			"Is no Helm operation on the legacy release in progress?",
			"Helm marks a release as pending while it installs, upgrades or rolls back, and leaves the mark if it is killed. Whatever the plugin wrote to the release's record then, Helm could overwrite. Wait for the operation; if nobody runs one, the command in the message ends it."),
		check("legacy-retained", fails, statusOnly, of(legacyFact, legacyRetained),
			"Would the legacy release survive a `helm uninstall` by mistake?",
			"Retention is a backup of the release's record, the keep policy in the stored manifest and on the live objects, a label and annotation on the record, and the ledger in the journal. An upgrade of the legacy release undoes part of it; `kubectl coder-satellite retain` repairs it."),
		check("legacy-rollback-ready", warns, statusOnly, of(legacyFact, legacyRollbackReady),
			"Would a rollback to the legacy release work now?",
			"More than retention: the release's record decodes, every object in it exists, the cluster still serves every API version in it, and envproxy is available. The message says which of these does not hold."),
		check("legacy-owner", warns, preflight, of(legacyFact, legacyOwner),
			"Does no GitOps controller change the legacy release?",
			"Flux upgrades a release that it owns when its record changes, which undoes the retention. Its HelmRelease must be suspended for as long as a rollback may be needed: by its own tool or in its repository, or by `migrate --gitops suspend`. After a rollback for good, resume it; after `finalize`, delete it."),
	)
}

func legacyOwner(s *snapshot.Snapshot, state snapshot.Legacy) Answer {
	control, record := state.Retention.Control, s.ProviderJournal.Value()
	switch {
	case state.Release == nil:
		return skip("there is no legacy release")
	case !control.Owner.Exists():
		return pass("no GitOps controller owns it")
	case control.Err != nil:
		return unknown(control.Err, "")
	case control.Acts() != "":
		return fail(control.Owner.SuspendCommand(s.Declared.Context), "%s owns %s, and undoes the retention at its next reconciliation", control.Owner, state.Release)
	case record != nil && record.Suspended != "" && !record.Migrated && s.Networking() == v1alpha1.NetworkingV2Off:
		return fail(control.Owner.ResumeCommand(s.Declared.Context), "an earlier run suspended %s, which is not needed unless the region is migrated", control.Owner)
	}
	return pass("%s owns it, and is suspended", control.Owner)
}

func legacyFound(s *snapshot.Snapshot, state snapshot.Legacy) Answer {
	networking := s.Networking()
	unused := networking == v1alpha1.NetworkingV2On || networking == v1alpha1.NetworkingV2AlwaysOn // the legacy path
	switch {
	case state.Release != nil:
		return pass("%s/%s, chart %s %s, revision %d", state.Release.Namespace, state.Release.Name,
			state.Release.ChartName, state.Release.ChartVersion, state.Release.Revision)
	case len(state.Found.Releases) == 0 && networking == v1alpha1.NetworkingV2AlwaysOn && len(state.Found.Reasons) > 0:
		return skip("a primary of v%s has no legacy path to go back to: %s", s.Primary.Version.Value(), state.Found.Explain())
	case len(state.Found.Releases) == 0 && unused && !lost(s):
		return skip("there is no legacy release, and the region does not use one")
	}
	return fail(cmp.Or(state.Found.Remedy, shell.Helm(s.Declared.Context, "list", "--all-namespaces")), "%s", state.Found.Explain())
}

// lost reports whether the release that the ledger lists as retained is not
// found, although something of it is: an envproxy, or a backup that is not sound.
func lost(s *snapshot.Snapshot) bool {
	record := s.ProviderJournal.Value()
	if record == nil || record.Retention == nil {
		return false
	}
	ours := record.Retention.Namespace + "/" + record.Retention.Release
	return slices.ContainsFunc(s.Legacy.Value().Found.Reasons, func(reason string) bool { return strings.Contains(reason, ours) })
}

func legacyIdle(s *snapshot.Snapshot) Answer {
	state, known := s.Legacy.Get()
	switch {
	case !known:
		return skip("the legacy release is unknown")
	case state.Release == nil:
		return skip("there is no legacy release")
	case state.Release.Busy() != "":
		return fail("wait for it to end", "%s", state.Release.Busy())
	}
	return pass("no Helm operation is in progress")
}

func legacyRetained(s *snapshot.Snapshot, state snapshot.Legacy) Answer {
	switch {
	case state.Release == nil:
		return skip("there is no legacy release to retain")
	case !state.Retention.Complete:
		return fail(s.Command("retain"), "not retained: missing %s", strings.Join(state.Retention.Missing, ", "))
	case !s.ProviderJournal.IsKnown():
		return unknown(s.ProviderJournal.Err(), "")
	case !s.InLedger():
		return fail(s.Command("retain"), "the journal's ledger does not list %s/%s revision %d",
			state.Release.Namespace, state.Release.Name, state.Release.Revision)
	}
	return pass("%s/%s revision %d is retained", state.Release.Namespace, state.Release.Name, state.Release.Revision)
}

func legacyRollbackReady(s *snapshot.Snapshot, state snapshot.Legacy) Answer {
	switch {
	case state.Release == nil:
		return skip("there is no legacy release to roll back to")
	case !state.Readiness.Ready:
		return fail(shell.Helm(s.Declared.Context, "--namespace", state.Release.Namespace, "status", state.Release.Name),
			"a rollback would not work now: %s", strings.Join(state.Readiness.Problems, "; "))
	}
	if reach := state.Reach; state.AccessURL != "" && reach.Err != nil {
		return fail(shell.Kubectl(s.Declared.Context, "--namespace", state.Release.Namespace, "get", "pods", "--selector", "coder.deployment=envproxy"),
			"a rollback would not work now: envproxy does not answer at %s: %s: %v", state.AccessURL, reach.Stage, reach.Err)
	}
	return pass("its objects exist, its APIs are served, envproxy is available and answers")
}
