package health

import (
	"cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func satelliteChecks() []Check {
	return in(categorySatellite,
		check("satellite-conflict", fails, preflight, of(satelliteFact, satelliteConflict),
			"Is the satellite's namespace free of other Coder deployments?",
			"The chart uses fixed names, so two Coder deployments cannot share a namespace. Choose another namespace with --namespace."),
		check("satellite-idle", fails, preflight, of(satelliteFact, satelliteIdle),
			"Is no Helm operation of others on the satellite's release in progress?",
			"Helm marks a release as pending while it installs, upgrades or rolls back, and leaves the mark if it is killed. `migrate` clears the mark of an earlier run of its own. If another client wrote it, its Helm may still be running: wait for it; if nobody runs it, the hint's command ends it."),
		check("satellite-installed", fails, statusOnly, of(satelliteFact, satelliteInstalled),
			"Is the satellite's Helm release deployed?",
			"The release is missing, or a Helm operation on it did not end. `migrate` installs it, and finishes what an earlier run of its own left pending."),
		check("satellite-ready", fails, statusOnly, of(satelliteFact, satelliteReady),
			"Are the satellite's pods ready?",
			"The message names the pod that is not ready, why, and its last event. Wrong values usually show here: a Secret that is missing, an image that cannot be pulled, a primary URL that the pod cannot reach."),
		check("satellite-version", warns, statusOnly, of(satelliteFact, satelliteVersion),
			"Does the satellite run the primary's version?",
			"Satellites should run the primary's own version. `migrate` again upgrades the satellite to it."),
		check("satellite-run-complete", warns, statusOnly, func(s *snapshot.Snapshot) Answer {
			return lastRunEnded(s.SatelliteJournal, s.SatelliteLock, s.Region.Command)
		},
			"Did the last run on the satellite succeed?",
			"The satellite has a journal and a lock of its own, beside it. The journal records a run that failed, was interrupted or is in progress. Running the verb again continues from there."),
		check("satellite-owner", warns, preflight, of(satelliteFact, satelliteOwner),
			"Is the GitOps controller that owns the satellite's release, if any, content with it?",
			"What Flux or Argo CD owns, only they change: `migrate` waits for the satellite but does not install or upgrade it, and nothing is undone after a failure. The message is what Flux's HelmRelease says."),
	)
}

func satelliteOwner(s *snapshot.Snapshot, state satellite.State) Answer {
	control := state.Control
	switch {
	case !control.Owner.Exists():
		return pass("no GitOps controller owns it")
	case control.Owner.Tool != gitops.Flux:
		return pass("%s owns it", control.Owner)
	case control.Err != nil:
		return unknown(control.Err, "")
	case !control.Ready:
		return fail(shell.Kubectl(s.Region.Satellite.Context, "--namespace", control.Owner.Namespace, "describe", "helmrelease", control.Owner.Name),
			"%s owns it, and is not ready: %s", control.Owner, cmp.Or(control.Message, "it has no condition Ready"))
	}
	return pass("%s owns it, and is ready", control.Owner)
}

func satelliteConflict(s *snapshot.Snapshot, state satellite.State) Answer {
	if state.Conflict != "" {
		return fail("choose another namespace with --namespace", "%s", state.Conflict)
	}
	return pass("no other Coder deployment is in namespace %q", s.Region.Satellite.Namespace)
}

// satelliteIdle reports before a migration whether it may clear a pending operation, which
// it would otherwise learn only when it installs.
func satelliteIdle(s *snapshot.Snapshot, state satellite.State) Answer {
	record, journalKnown := s.SatelliteJournal.Get()
	switch {
	case state.Pending == nil:
		return pass("no Helm operation is in progress")
	case !journalKnown:
		return unknown(s.SatelliteJournal.Err(), "")
	}
	earlierRun := record != nil && (record.Operation != "" || len(record.History) > 0)
	if err := state.Pending.Refusal(earlierRun, s.Taken); err != nil {
		return fail(state.Pending.Remedy(), "%v", err)
	}
	return pass("an earlier run left the release %s, which `migrate` clears", state.Pending.Status)
}

func satelliteInstalled(s *snapshot.Snapshot, state satellite.State) Answer {
	switch {
	case state.Pending != nil:
		hint := s.Region.Command("migrate")
		if idle := satelliteIdle(s, state); idle.State != v1alpha1.CheckPass {
			hint = idle.Hint
		}
		return fail(hint, "a Helm run on release %s/%s did not end: it is %s", s.Region.Satellite.Namespace, s.Region.Satellite.Release, state.LastStatus)
	case !state.Installed:
		return fail(s.Region.Command("migrate"), "release %s/%s is not installed", s.Region.Satellite.Namespace, s.Region.Satellite.Release)
	case state.Superseded():
		return fail(s.Region.Command("migrate"), "revision %d of release %s/%s is deployed, and a newer one, %d, is %s",
			state.Revision, s.Region.Satellite.Namespace, s.Region.Satellite.Release, state.LastRevision, state.LastStatus)
	}
	return pass("chart %s %s, revision %d", state.ChartName, state.ChartVersion, state.Revision)
}

func satelliteReady(s *snapshot.Snapshot, state satellite.State) Answer {
	switch {
	case !state.Installed:
		return skip("the satellite is not installed")
	case !state.Ready:
		return fail(shell.Kubectl(s.Region.Satellite.Context, "--namespace", s.Region.Satellite.Namespace, "get", "pods"), "not ready: %s", state.Blocker)
	}
	return pass("the satellite's pods are ready")
}

func satelliteVersion(s *snapshot.Snapshot, state satellite.State) Answer {
	version, versionKnown := s.Primary.Version.Get()
	switch {
	case !versionKnown:
		return unknown(s.Primary.Version.Err(), "")
	case !state.Installed:
		return skip("the satellite is not installed")
	case state.AppVersion != version.String():
		return fail(s.Region.Command("migrate"), "the satellite runs %s, the primary %s", state.AppVersion, version)
	}
	return pass("the satellite runs the primary's version %s", version)
}
