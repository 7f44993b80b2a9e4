package health

import (
	"cmp"
	"errors"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

func providerChecks() []Check {
	return in(categoryProvider,
		check("provider-cluster", fails, preflight, providerCluster,
			"Does the API server of the provider's cluster answer with these credentials?",
			"A provider may be in another cluster than the satellite. Its legacy release, its journal and its lock are there, and are reached through the provider's kubeconfig context. A provider whose cluster does not answer is left alone; the others of its region are not kept from migrating, unless --whole-regions is given."),
		check("provider-rights", fails, preflightOnly, func(s *snapshot.Snapshot) Answer { return rights(s.MissingProviderRights) },
			"Does the operator have every right in the provider's cluster that the verb needs?",
			"A migration that runs out of rights halfway would have to be undone, so every right is asked for first. The message names each that is missing; have a cluster administrator grant them. `kubectl coder-satellite rbac` prints the roles."),
		check("provider-found", fails, preflight, providerFound,
			"Does exactly one workspace provider belong to this region?",
			"A provider that is not named is found by comparing its cluster address with the context's API server. If none or several match, name the right one: `provider` in the Fleet, or --provider. `coder providers ls` lists them. A provider of another cluster is refused: by its cluster address, if some provider has the context's, and because its envproxy access URL must be the one of the legacy release."),
		check("provider-ready", warns, preflight, providerReady,
			"Is the workspace provider ready?",
			"The primary reports the provider as pending or in error when it cannot reach the region's cluster. Workspaces may not build until that is fixed; see the provider's page in Coder's dashboard."),
		check("networking-v2", fails, statusOnly, networkingV2,
			"Does the provider use Networking v2?",
			"Only with Networking v2 do users reach workspaces through the satellite. `migrate` switches it on once the satellite is registered and answers; `rollback` switches it off. From v1.22 it is always on."),
		check("workspaces-adopted", warns, statusOnly, workspacesAdopted,
			"Were all of the provider's workspaces built since Networking v2 was switched?",
			"A workspace uses the path that its provider had when it was built. Until it is rebuilt, it continues to use the other one: after a migration through envproxy, after a rollback through the satellite, and both must stay until then. From v1.21.1 the primary rebuilds those that run when the switch is made; those that are off are built when their owners start them. Times are compared by the primary's own clock, with the latest build that the journal noted before the switch."),
	)
}

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
	case release != nil && anotherEnvproxy(provider.EnvproxyAccessURL, release.AccessURL):
		return fail(hintProvider, "provider %q is reached at %s, but the legacy release %s of context %q serves %s",
			provider.Name, provider.EnvproxyAccessURL, release, s.Declared.Context, release.AccessURL)
	case !byAddress && !s.Legacy.IsKnown(): // nothing shows that it belongs to this cluster
		return unknown(s.Legacy.Err(), "")
	}
	return pass("provider %q", provider.Name)
}

const hintProvider = "name the provider of this cluster, or another context"

// anotherEnvproxy reports whether a provider's envproxy is not the one that a
// legacy release is. What does not name its access URL says nothing.
func anotherEnvproxy(providers, releases string) bool {
	return providers != "" && releases != "" && !coder.SameURL(providers, releases)
}

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

func providerCluster(s *snapshot.Snapshot) Answer {
	found, known := s.ProviderCluster.Get()
	switch {
	case !known:
		return unknown(s.ProviderCluster.Err(), "try: "+shell.Kubectl(s.Declared.Context, "get", "namespace", "kube-system"))
	case s.Declared.Context == s.Region.Satellite.Context:
		return pass("it is the satellite's cluster, which answers")
	}
	return pass("%s answers, Kubernetes %s", found.Server, found.Version)
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
