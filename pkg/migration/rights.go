package migration

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Place is what of a region decides which rights in its cluster a verb takes.
type Place struct {
	// Satellite is the satellite's namespace, Legacy the legacy release's; the
	// latter is empty if there is no legacy release.
	Satellite, Legacy string
	// Records is what Helm keeps its records in, as cluster.Access.Driver returns it.
	Records string
	// NewNamespace tells that the satellite's namespace has to be created.
	NewNamespace bool
	// Restore tells that the legacy release was uninstalled, and comes back first.
	Restore bool
	// Made are the resources that the satellite's and the legacy release's
	// objects are of, as far as they are not those of every such release.
	Made snapshot.Resources
}

func (p Place) satellite() satellite.Scope {
	return satellite.Scope{Namespace: p.Satellite, Records: p.Records, Made: p.Made.Satellite}
}

func (p Place) legacy() legacy.Scope {
	return legacy.Scope{Release: p.Legacy, Backups: p.Satellite, Records: p.Records, Made: p.Made.Legacy}
}

// PlaceOf returns the region's place, as far as the facts tell; records is as
// in Place.
func PlaceOf(s *snapshot.Snapshot, records string) Place {
	place := Place{Satellite: s.Region.Namespace, Records: records, Made: s.Resources.Value()}
	if state, known := s.Satellite.Get(); known {
		place.NewNamespace = state.NamespacePhase == ""
	}
	state, known := s.Legacy.Get()
	switch {
	case known && state.Release != nil:
		place.Legacy, place.Restore = state.Release.Namespace, state.Release.RecordMissing
	case !known: // for want of rights, maybe: then it is where the provider is
		place.Legacy = s.Provider.Value().Config.DefaultNamespace
	}
	return place
}

// Rights returns the rights in a region's cluster that the operation takes,
// each once: what the preflight asks for, and what `rbac` prints.
func (o Operation) Rights(place Place) []cluster.Rule {
	rules := RightsToLook(place)
	if len(o.Steps) > 0 {
		rules = append(rules, rightsToRun(place)...)
	}
	for _, step := range o.Steps {
		rules = append(rules, rightsOf(step, place)...)
	}
	return distinct(rules)
}

// RightsToLook are the rights that `status` and `plan` take.
func RightsToLook(place Place) []cluster.Rule {
	rules := []cluster.Rule{{Namespace: metav1.NamespaceSystem, Resource: "namespaces", Name: metav1.NamespaceSystem, Verb: "get"}}
	rules = append(rules, satellite.RightsToInspect(place.satellite())...)
	if place.Legacy != "" {
		rules = append(rules, legacy.RightsToInspect(place.legacy())...)
	}
	return distinct(append(rules,
		cluster.Rule{Namespace: place.Satellite, Resource: "configmaps", Verb: "get"},
		cluster.Rule{Namespace: place.Satellite, Group: leases, Resource: "leases", Verb: "get"},
	))
}

// leases is the API group of locks.
const leases = "coordination.k8s.io"

// RightsToUnlock are the rights that `unlock` takes.
func RightsToUnlock(place Place) []cluster.Rule {
	return []cluster.Rule{
		{Namespace: place.Satellite, Group: leases, Resource: "leases", Verb: "get"},
		{Namespace: place.Satellite, Group: leases, Resource: "leases", Verb: "update"},
	}
}

// rightsToRun are the rights to the journal, the lock and Events.
func rightsToRun(place Place) []cluster.Rule {
	var rules []cluster.Rule
	if place.NewNamespace {
		rules = append(rules, cluster.Rule{Resource: "namespaces", Verb: "create"})
	}
	for _, verb := range []string{"create", "update"} {
		rules = append(rules,
			cluster.Rule{Namespace: place.Satellite, Resource: "configmaps", Verb: verb},
			cluster.Rule{Namespace: place.Satellite, Group: leases, Resource: "leases", Verb: verb},
		)
	}
	return append(rules, cluster.Rule{Namespace: place.Satellite, Resource: "events", Verb: "create"})
}

// rightsOf are the rights to apply a step, and to undo it, beyond those to look.
// The steps that are not named here change the primary alone.
func rightsOf(step Step, place Place) []cluster.Rule {
	switch step.(type) {
	case installSatellite:
		return satellite.RightsToInstall(place.satellite())
	case uninstallSatellite:
		return satellite.RightsToUninstall(place.satellite())
	}
	if place.Legacy == "" {
		return nil
	}
	var rules []cluster.Rule
	switch step.(type) {
	case removeLegacy:
		rules = append(legacy.RightsToRetain(place.legacy()), legacy.RightsToRemove(place.legacy())...)
	case retainLegacy:
		rules = legacy.RightsToRetain(place.legacy())
	case restoreLegacy:
		if place.Restore {
			rules = legacy.RightsToRetain(place.legacy())
		}
	default:
		return nil
	}
	if place.Restore {
		rules = append(rules, legacy.RightsToRestore(place.legacy())...)
	}
	return rules
}

// distinct returns the rules, each once: those on the same objects together, in
// the order in which the objects come first, and of each the reading verbs before
// the writing ones.
func distinct(rules []cluster.Rule) []cluster.Rule {
	verbs := []string{"get", "list", "create", "update", "patch", "delete", "escalate", "bind"}
	first := map[cluster.Rule]int{}
	objects := func(r cluster.Rule) cluster.Rule {
		r.Verb = ""
		return r
	}
	var once []cluster.Rule
	for i, rule := range rules {
		if _, seen := first[objects(rule)]; !seen {
			first[objects(rule)] = i
		}
		if !slices.Contains(once, rule) {
			once = append(once, rule)
		}
	}
	slices.SortStableFunc(once, func(a, b cluster.Rule) int {
		return cmp.Or(cmp.Compare(first[objects(a)], first[objects(b)]), cmp.Compare(slices.Index(verbs, a.Verb), slices.Index(verbs, b.Verb)))
	})
	return once
}
