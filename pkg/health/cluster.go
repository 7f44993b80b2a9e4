package health

import (
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func providerCluster(s *snapshot.Snapshot) Answer {
	if s.ProviderCluster.IsKnown() && s.Declared.Context == s.Region.Satellite.Context {
		return pass("it is the satellite's cluster, which answers")
	}
	return reachable(s.ProviderCluster, s.Declared.Context)
}

func reachable(fact snapshot.Fact[snapshot.Cluster], context string) Answer {
	found, known := fact.Get()
	if !known {
		return unknown(fact.Err(), "try: "+shell.Kubectl(context, "get", "namespace", "kube-system"))
	}
	return pass("%s answers, Kubernetes %s", found.Server, found.Version)
}

func regionDistinct(s *snapshot.Snapshot) Answer {
	switch {
	case !s.Cluster.IsKnown() && !s.Region.Satellite.None():
		return unknown(s.Cluster.Err(), "")
	case len(s.SamePlace) > 0:
		return fail("take one of them out, or give it another context or namespace", "context %q leads to the same cluster as region %s, and both satellites are to be in namespace %q",
			s.Region.Satellite.Context, strings.Join(s.SamePlace, ", "), s.Region.Satellite.Namespace)
	case len(s.SameProvider) > 0:
		return fail("take one of them out, or correct its provider", "provider %q is also that of region %s", s.Provider.Value().Name, strings.Join(s.SameProvider, ", "))
	case !s.Provider.IsKnown():
		return skip("the provider is unknown; no other region's satellite has this place")
	}
	return pass("no other region of the fleet has this place or this provider")
}

func rights(found snapshot.Fact[[]cluster.Rule]) Answer {
	missing, known := found.Get()
	switch {
	case !found.Collected():
		return skip("rights are checked only when there is something to change")
	case !known:
		return unknown(found.Err(), "")
	case len(missing) > 0:
		return fail("have a cluster administrator grant them", "missing rights: %s", strings.Join(cluster.InWords(missing), "; "))
	}
	return pass("the operator has every right that is needed")
}

func namespaceActive(s *snapshot.Snapshot, state satellite.State) Answer {
	switch state.NamespacePhase {
	case "Terminating":
		return fail("wait until it is gone, or choose another with --namespace", "namespace %q is being deleted", s.Region.Satellite.Namespace)
	case "":
		return pass("namespace %q will be created", s.Region.Satellite.Namespace)
	}
	return pass("namespace %q is active", s.Region.Satellite.Namespace)
}

func namespaceSeparate(s *snapshot.Snapshot) Answer {
	provider, known := s.Provider.Get()
	switch {
	case !known:
		return skip("the provider is unknown")
	case provider.Config.DefaultNamespace == s.Region.Satellite.Namespace:
		return fail("choose another with --namespace", "namespace %q is also where provider %q keeps its workspaces", s.Region.Satellite.Namespace, provider.Name)
	}
	return pass("workspaces are in namespace %q, the satellite is not", provider.Config.DefaultNamespace)
}
