package health

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

func workspacesAdopted(s *snapshot.Snapshot) Answer {
	adoption, err := workspaces.AdoptionOf(s)
	switch {
	case errors.Is(err, workspaces.ErrNeverSwitched) && s.Networking() == v1alpha1.NetworkingV2Off:
		return skip("Networking v2 was not switched on here")
	case errors.Is(err, workspaces.ErrNeverSwitched) && s.Networking() == v1alpha1.NetworkingV2AlwaysOn && s.Legacy.IsKnown() && len(s.Legacy.Value().Found.Releases) == 0:
		return skip("there is no legacy path that a workspace could use")
	case err != nil:
		return unknown(err, "")
	case workspaces.Complete(adoption):
		return pass("%s", workspaces.Describe(adoption))
	}
	return fail(s.Command("workspaces"), "%s", workspaces.Describe(adoption))
}

func providerFound(s *snapshot.Snapshot) Answer {
	provider, known := s.Provider.Get()
	switch {
	case !known && !s.Primary.Providers.IsKnown():
		return unknown(s.Provider.Err(), "") // naming it would not help
	case !known:
		return unknown(s.Provider.Err(), "name it with --provider, or `provider` in the Fleet")
	}
	here := fleet.ProvidersAt(s.ProviderCluster.Value().Server, s.Primary.Providers.Value())
	byAddress := slices.ContainsFunc(here, func(other coder.Provider) bool { return other.ID == provider.ID })
	release := s.Legacy.Value().Release
	switch {
	case len(here) > 0 && !byAddress:
		return fail(hintProvider, "provider %q belongs to the cluster %s, but context %q leads to that of provider %q",
			provider.Name, provider.Config.ClusterAddress, s.Declared.Context, here[0].Name)
	case release != nil && provider.EnvproxyAccessURL != "" && release.AccessURL != "" && !coder.SameURL(provider.EnvproxyAccessURL, release.AccessURL):
		return fail(hintProvider, "provider %q is reached at %s, but the legacy release %s of context %q serves %s",
			provider.Name, provider.EnvproxyAccessURL, release, s.Declared.Context, release.AccessURL)
	case !byAddress && !s.Legacy.IsKnown(): // nothing shows that it belongs to this cluster
		return unknown(s.Legacy.Err(), "")
	}
	return pass("provider %q", provider.Name)
}

const hintProvider = "name the provider of this cluster, or another context"

func providerReady(s *snapshot.Snapshot) Answer {
	provider, known := s.Provider.Get()
	switch {
	case !known:
		return skip("the provider is unknown")
	case provider.Status != "ready":
		return fail("see the provider's page in Coder's dashboard", "the primary reports provider %q as %q", provider.Name, provider.Status)
	}
	return pass("the primary reports provider %q as ready", provider.Name)
}

func networkingV2(s *snapshot.Snapshot) Answer {
	switch s.Networking() {
	case v1alpha1.NetworkingV2On:
		return pass("provider %q uses Networking v2", s.Provider.Value().Name)
	case v1alpha1.NetworkingV2AlwaysOn:
		return pass("a primary of v%s always uses Networking v2", s.Primary.Version.Value())
	case v1alpha1.NetworkingV2Off:
		return fail(s.Command("migrate"), "provider %q is on the legacy path (Networking v2 is off)", s.Provider.Value().Name)
	}
	if missing := cmp.Or(s.Primary.Version.Err(), s.Provider.Err()); missing != nil {
		return unknown(missing, "")
	}
	return fail("upgrade the primary", "provider %q does not say whether it uses Networking v2", s.Provider.Value().Name)
}

func canary(s *snapshot.Snapshot) Answer {
	found, known := s.Canary.Get()
	name, status := found.Workspace.Name, found.Workspace.LatestStat.ContainerStatus
	switch {
	case !known && !s.Provider.IsKnown():
		return unknown(s.Canary.Err(), "") // naming one would not help
	case !known:
		return unknown(s.Canary.Err(), "name one with --canary, or use \"none\"")
	case found.None:
		return skip("no canary was asked for")
	case status == coder.ContainerFailed:
		return fail("coder workspaces rebuild "+name, "workspace %q failed: %s", name, found.Workspace.LatestStat.StatError)
	case status == coder.ContainerOn, status == coder.ContainerOff, status == coder.ContainerCreating:
		return pass("workspace %q is %s", name, status)
	}
	return warn("coder workspaces ls", "the state of workspace %q is %q", name, status)
}

// lastRunEnded judges the last run in a journal; command returns the command line that runs a verb again.
func lastRunEnded(noted snapshot.Fact[*journal.Record], held snapshot.Fact[*lock.State], command func(string) string) Answer {
	if missing := cmp.Or(noted.Err(), held.Err()); missing != nil {
		return unknown(missing, "")
	}
	record := noted.Value()
	if held := held.Value(); held != nil && held.Holder != "" {
		doing := ""
		if record != nil && record.Operation != "" && record.Outcome == "" {
			doing = fmt.Sprintf("; %s by %s is at step %s", record.Operation, record.Operator, record.Step)
		}
		return warn("wait for it, or take over an abandoned lock with `kubectl coder-satellite unlock`",
			"%s holds the lock since %s%s", held.Holder, held.Acquired.UTC().Format("2006-01-02 15:04:05 MST"), doing)
	}
	ended := "stopped without recording a result"
	switch {
	case record == nil || record.Operation == "":
		return skip("there is no journal: nothing was run here yet")
	case record.Outcome == v1alpha1.OutcomeSucceeded:
		return pass("the last %s, by %s, succeeded", record.Operation, record.Operator)
	case record.Outcome != "":
		ended = "ended " + string(record.Outcome)
	}
	return fail(command(record.Operation), "the last %s, by %s, %s at step %s", record.Operation, record.Operator, ended, record.Step)
}
