package health

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func legacyOwner(s *snapshot.Snapshot, state snapshot.Legacy) Answer {
	control, record := state.Retention.Control, s.ProviderJournal.Value()
	switch {
	case state.Release == nil:
		return skip("there is no legacy release")
	case !control.Owner.Exists():
		return pass("no GitOps controller owns it")
	case control.Err != nil:
		return unknown(control.Err, "")
	case control.Owner.Tool == gitops.ArgoCD:
		return pass("%s owns it, and neither prunes nor deletes what is retained", control.Owner)
	case control.Acts() != "":
		return fail(control.Owner.Command("suspend", s.Declared.Context), "%s owns %s: retention needs its suspension, since its next reconciliation would upgrade the release", control.Owner, state.Release)
	case record != nil && record.Suspended != "" && record.Operation == "rollback" && record.Outcome == v1alpha1.OutcomeSucceeded:
		return fail(control.Owner.Command("resume", s.Declared.Context), "an earlier run suspended %s; resume it unless you will migrate again", control.Owner)
	}
	return pass("%s owns it, and is suspended", control.Owner)
}

func legacyFound(s *snapshot.Snapshot, state snapshot.Legacy) Answer {
	networking, none := s.Networking(), len(state.Found.Releases) == 0
	alwaysOn := networking == v1alpha1.NetworkingV2AlwaysOn
	switch {
	case state.Release != nil:
		return pass("%s/%s, chart %s %s, revision %d", state.Release.Namespace, state.Release.Name,
			state.Release.ChartName, state.Release.ChartVersion, state.Release.Revision)
	case none && alwaysOn && len(state.Found.Reasons) > 0:
		return skip("a primary of v%s has no legacy path to go back to: %s", s.Primary.Version.Value(), state.Found.Explain())
	case none && (alwaysOn || networking == v1alpha1.NetworkingV2On) && !lost(s):
		return skip("there is no legacy release, and the region does not use one")
	}
	return fail(cmp.Or(state.Found.Remedy, shell.Helm(s.Declared.Context, "list", "--all-namespaces")), "%s", state.Found.Explain())
}

// lost reports whether only a part of the retained release was found: an envproxy, or a backup that is not sound.
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
	case state.Retention.Control.Err != nil:
		return unknown(state.Retention.Control.Err, "")
	case len(state.Retention.Missing) == 1 && state.Retention.Missing[0] == state.Retention.Control.Acts():
		return fail(state.Retention.Control.Owner.Command("suspend", s.Declared.Context), "not retained: missing %s", state.Retention.Missing[0])
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
		hint := shell.Helm(s.Declared.Context, "--namespace", state.Release.Namespace, "status", state.Release.Name)
		if state.Release.Rendered() {
			hint = s.Command("rollback")
		}
		return fail(hint, "a rollback would not work now: %s", strings.Join(state.Readiness.Problems, "; "))
	case state.AccessURL != "" && state.Reach.Err != nil:
		return fail(shell.Kubectl(s.Declared.Context, "--namespace", state.Release.Namespace, "get", "pods", "--selector", "coder.deployment=envproxy"),
			"a rollback would not work now: envproxy does not answer at %s: %s: %v", state.AccessURL, state.Reach.Stage, state.Reach.Err)
	}
	return pass("its objects exist, its APIs are served, envproxy is available and answers")
}
