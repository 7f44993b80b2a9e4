package health

import (
	"cmp"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func satelliteOwner(s *snapshot.Snapshot, state satellite.State) Answer {
	control := state.Control
	switch {
	case !control.Owner.Exists():
		return pass("no GitOps controller owns it")
	case control.Declared && state.Exists():
		return fail(hintInstall(s, state), "%s is to own it, but does not", control.Owner)
	case control.Declared:
		return pass("%s is to install it", control.Owner)
	case control.Owner.Tool != gitops.Flux && control.Absent():
		return pass("%s owns it; that is in another cluster, whose Argo CD knows its state", control.Owner)
	case control.Err != nil:
		return unknown(control.Err, "")
	case control.Suspended:
		return fail(control.Owner.Command("resume", s.Region.Satellite.Context), "%s owns it, and is suspended: what is changed in Git is not installed", control.Owner)
	case !control.Ready && control.Owner.Tool != gitops.Flux:
		return fail(control.Owner.Command("get", ""), "%s owns it, and is not synced and healthy: %s", control.Owner, control.Message)
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

// satelliteIdle reports whether a migration may clear a pending operation.
func satelliteIdle(s *snapshot.Snapshot, state satellite.State) Answer {
	record, journalKnown := s.SatelliteJournal.Get()
	switch {
	case state.Pending == nil:
		return pass("no Helm operation is in progress")
	case state.Control.Owner.Exists() && !state.Control.Declared:
		return pass("the release is %s, which %s ends", state.Pending.Status, state.Control.Owner)
	case !journalKnown:
		return unknown(s.SatelliteJournal.Err(), "")
	}
	earlierRun := record != nil && (record.Operation != "" || len(record.History) > 0)
	if err := state.Pending.Refusal(earlierRun, s.Taken); err != nil {
		return fail(state.Pending.Remedy(), "%v", err)
	}
	return pass("an earlier run left the release %s, which `migrate` clears", state.Pending.Status)
}

// hintInstall says how the satellite becomes what the Fleet says: by `migrate`, or by the controller that owns it.
func hintInstall(s *snapshot.Snapshot, state satellite.State) string {
	switch owner := state.Control.Owner; {
	case !owner.Exists():
		return s.Region.Command("migrate")
	case state.Control.Declared:
		return "commit to Git what `" + s.Region.Command("export "+owner.Tool.Word()) + "` writes, and wait for " + owner.String()
	default:
		hint := "change " + owner.String() + " in Git"
		if command := state.Control.ApplyCommand(s.Region.Satellite.Context); command != "" {
			hint += ", then: " + command
		}
		return hint
	}
}

func satelliteInstalled(s *snapshot.Snapshot, state satellite.State) Answer {
	switch {
	case state.Pending != nil:
		hint := hintInstall(s, state)
		if idle := satelliteIdle(s, state); idle.State != v1alpha1.CheckPass {
			hint = idle.Hint
		}
		return fail(hint, "a Helm run on release %s/%s did not end: it is %s", s.Region.Satellite.Namespace, s.Region.Satellite.Release, state.LastStatus)
	case !state.Installed:
		return fail(hintInstall(s, state), "release %s/%s is not installed", s.Region.Satellite.Namespace, s.Region.Satellite.Release)
	case state.Superseded():
		return fail(hintInstall(s, state), "revision %d of release %s/%s is deployed, and a newer one, %d, is %s",
			state.Revision, s.Region.Satellite.Namespace, s.Region.Satellite.Release, state.LastRevision, state.LastStatus)
	}
	if state.Rendered != nil {
		return pass("chart %s %s, rendered by Argo CD", state.ChartName, state.ChartVersion)
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
	case state.Rendered != nil && state.AppVersion == "":
		return skip("the image that Argo CD rendered names no version")
	case state.AppVersion != version.String():
		return fail(hintInstall(s, state), "the satellite runs %s, the primary %s", state.AppVersion, version)
	}
	return pass("the satellite runs the primary's version %s", version)
}

func chartAvailable(s *snapshot.Snapshot) Answer {
	chart, known := s.Chart.Get()
	if !known {
		return unknown(s.Chart.Err(), "name another with --chart, --repo and --chart-version")
	}
	if !s.Cluster.IsKnown() {
		return unknown(s.Cluster.Err(), "")
	}
	if err := satellite.Compatible(chart, s.Cluster.Value().Version); err != nil {
		return fail("name a chart version that fits with --chart-version", "%v", err)
	}
	return pass("chart %s %s", chart.Metadata.Name, chart.Metadata.Version)
}

func valuesValid(s *snapshot.Snapshot) Answer {
	switch {
	case !s.Spec.IsKnown():
		return unknown(s.Spec.Err(), "")
	case s.Rendering.Collected() && !s.Rendering.IsKnown():
		return fail("correct the values, or name the chart that they are for with --chart-version", "%v", s.Rendering.Err())
	}
	return pass("the values can be read and agree with the region")
}

func valuesSecrets(s *snapshot.Snapshot) Answer {
	missing, known := s.MissingSecrets.Get()
	switch {
	case !s.Spec.IsKnown():
		return skip("the values are unknown")
	case !known:
		return unknown(s.MissingSecrets.Err(), "")
	case len(missing) > 0:
		return fail("create them, for example with `kubectl create secret tls`",
			"Secrets that the values name are missing in namespace %q: %s", s.Region.Satellite.Namespace, strings.Join(missing, ", "))
	}
	return pass("every Secret that the values name exists")
}
