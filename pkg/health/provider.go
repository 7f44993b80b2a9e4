package health

import (
	"cmp"
	"errors"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
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
