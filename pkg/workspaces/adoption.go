// Package workspaces determines which path workspaces use and whom a switch affects, and rebuilds workspaces that wait for
// it with consideration for their users.
package workspaces

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// AdoptionOf counts the provider's workspaces by the path that they use. A workspace keeps the path that its provider had
// when it was built (Coder's documentation), and only a journal knows when that changed. The error says what is missing.
func AdoptionOf(s *snapshot.Snapshot) (v1alpha1.Adoption, error) {
	list, listed := s.Workspaces.Get()
	if !listed {
		return v1alpha1.Adoption{}, fmt.Errorf("the provider's workspaces could not be listed: %w", s.Workspaces.Err())
	}
	if len(list) == 0 {
		return v1alpha1.Adoption{}, nil
	}
	since, err := Since(s)
	if err != nil {
		return v1alpha1.Adoption{}, err
	}
	return count(list, since), nil
}

// Since returns a time by the primary's clock: later builds use the provider's present path.
func Since(s *snapshot.Snapshot) (time.Time, error) {
	networking := s.Networking()
	on := networking == v1alpha1.NetworkingV2On || networking == v1alpha1.NetworkingV2AlwaysOn
	record, known := s.ProviderJournal.Get()
	switch {
	case networking == v1alpha1.NetworkingV2Unknown:
		unsaid := errors.New("the provider does not report it")
		return time.Time{}, fmt.Errorf("whether Networking v2 is on is unknown: %w", cmp.Or(s.Primary.Version.Err(), s.Provider.Err(), unsaid))
	case !known:
		return time.Time{}, fmt.Errorf("the journal, which says when Networking v2 was switched, could not be read: %w", s.ProviderJournal.Err())
	case record == nil || record.Switched == nil:
		return time.Time{}, ErrNeverSwitched
	case record.Switched.On != on:
		return time.Time{}, errors.New("Networking v2 was switched since at an unknown time, by somebody else or by a run that died")
	case record.Switched.LatestBuild == nil:
		return time.Time{}, errors.New("the workspaces could not be listed when Networking v2 was switched")
	}
	return *record.Switched.LatestBuild, nil
}

// ErrNeverSwitched means that no journal records a switch.
var ErrNeverSwitched = errors.New("no journal says when Networking v2 was switched")

// StateOf reports which path a workspace uses; builds after since use the present one.
func StateOf(w coder.Workspace, since time.Time) v1alpha1.WorkspaceState {
	switch {
	case w.Updating:
		return v1alpha1.WorkspaceBuilding
	case w.LatestStat.ContainerStatus == coder.ContainerFailed:
		return v1alpha1.WorkspaceFailed
	case w.LastBuiltAt.After(since):
		return v1alpha1.WorkspaceAdopted
	}
	return v1alpha1.WorkspaceWaiting
}

func count(list []coder.Workspace, since time.Time) v1alpha1.Adoption {
	found := v1alpha1.Adoption{Total: len(list)}
	for _, w := range list {
		switch state := StateOf(w, since); {
		case state == v1alpha1.WorkspaceAdopted:
			found.Adopted++
		case state == v1alpha1.WorkspaceBuilding:
			found.Building++
		case state == v1alpha1.WorkspaceFailed:
			found.Failed++
		case w.LatestStat.ContainerStatus == coder.ContainerOff:
			found.WaitingOff++
		default: // one that is not known to be off may be in use
			found.WaitingOn++
		}
	}
	return found
}

// Complete reports whether every workspace uses the provider's present path.
func Complete(a v1alpha1.Adoption) bool { return a.Adopted == a.Total }

// Describe summarises the adoption in words.
func Describe(a v1alpha1.Adoption) string {
	switch {
	case a.Total == 0:
		return "the provider has no workspaces"
	case Complete(a) && a.Total == 1:
		return "the one workspace was built since the switch"
	case Complete(a):
		return fmt.Sprintf("all %d workspaces were built since the switch", a.Total)
	}
	parts := []string{fmt.Sprintf("%d of %d workspaces were built since the switch", a.Adopted, a.Total)}
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(a.WaitingOn, "on and waiting for a rebuild")
	add(a.WaitingOff, "off and waiting for a rebuild")
	add(a.Building, "being built")
	add(a.Failed, "failed to build")
	return strings.Join(parts, ", ")
}

// ImpactOf counts whom a switch affects at a primary of that version.
func ImpactOf(list []coder.Workspace, version coder.Version, now time.Time) v1alpha1.Impact {
	found := v1alpha1.Impact{Workspaces: len(list), RebuiltBySwitch: version.RebuildsOnSwitch()}
	owners := map[string]bool{} // whether they connected within the last hour
	for _, w := range list {
		if w.LatestStat.ContainerStatus != coder.ContainerOff && w.LatestStat.ContainerStatus != coder.ContainerFailed {
			found.On++
		}
		owners[w.UserID] = owners[w.UserID] || now.Sub(w.LastConnectionAt) < time.Hour
	}
	for _, lately := range owners {
		found.Users++
		if lately {
			found.ConnectedLastHour++
		}
	}
	return found
}

// Switched returns what the journal keeps of a switch that is about to be made at that time, by the operator's clock. list
// holds the provider's workspaces; known is unset if they could not be listed.
func Switched(on bool, at time.Time, list []coder.Workspace, known bool) *journal.Switch {
	noted := &journal.Switch{On: on, At: at}
	if !known {
		return noted
	}
	noted.LatestBuild = new(time.Time)
	for _, w := range list {
		if w.LastBuiltAt.After(*noted.LatestBuild) {
			*noted.LatestBuild = w.LastBuiltAt
		}
		if w.LatestStat.ContainerStatus == coder.ContainerOn || w.Updating {
			noted.Running = append(noted.Running, w.ID)
		}
	}
	return noted
}

// Rebuilding returns the workspaces that ran at the time of the switch and are being built: some primaries rebuild them, a
// few at a time. Nobody waits for builds of workspaces that were off then.
func Rebuilding(list []coder.Workspace, noted *journal.Switch) []coder.Workspace {
	return slices.DeleteFunc(slices.Clone(list), func(w coder.Workspace) bool {
		return !w.Updating || noted == nil || !slices.Contains(noted.Running, w.ID)
	})
}
