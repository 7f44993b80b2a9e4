package snapshot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A run needs more rights the more there is to do, and always those to its own
// journal, lock and events.
func TestRights(t *testing.T) {
	found := func(release legacy.Release) *snapshot.Snapshot {
		return &snapshot.Snapshot{Legacy: snapshot.Known(snapshot.Legacy{Release: &release})}
	}
	withRemoval := found(legacy.Release{Namespace: "coder"})
	withRemoval.Removal = snapshot.Known(legacy.Removal{})
	namespace := func(name, resource, verb string) cluster.Rule {
		return cluster.Rule{Namespace: name, Resource: resource, Verb: verb}
	}
	update, create, remove := namespace("coder", "secrets", "update"), namespace("coder", "secrets", "create"), namespace("coder", "services", "delete")
	for name, test := range map[string]struct {
		s           *snapshot.Snapshot
		with, wants []cluster.Rule
	}{
		"nothing legacy": {&snapshot.Snapshot{}, nil, []cluster.Rule{update, create, remove}},
		"to retain":      {found(legacy.Release{Namespace: "coder"}), []cluster.Rule{update}, []cluster.Rule{create, remove}},
		"to restore":     {found(legacy.Release{Namespace: "coder", RecordMissing: true}), []cluster.Rule{update, create}, []cluster.Rule{remove}},
		"to remove":      {withRemoval, []cluster.Rule{update, create, remove}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			test.s.Region = fleet.Region{Namespace: "edge"}
			got := snapshot.Rights(test.s)
			own := []cluster.Rule{
				namespace("edge", "configmaps", "get"), namespace("edge", "configmaps", "create"), namespace("edge", "configmaps", "update"),
				{Namespace: "edge", Group: "coordination.k8s.io", Resource: "leases", Verb: "update"}, namespace("edge", "events", "create"),
				namespace("edge", "secrets", "get"),
			}
			for _, rule := range slices.Concat(own, test.with) {
				if !slices.Contains(got, rule) {
					t.Errorf("does not ask for: %s", rule)
				}
			}
			for _, rule := range test.wants {
				if slices.Contains(got, rule) {
					t.Errorf("asks for more than it needs: %s", rule)
				}
			}
		})
	}
}

// What is granted is asked for once per namespace, and the rest by itself.
func TestMissingRights(t *testing.T) {
	servers := newServers()
	const reviews = apiHost + "/apis/authorization.k8s.io/v1/"
	servers.answer(reviews+"selfsubjectrulesreviews", `{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","status":{"resourceRules":[`+
		`{"verbs":["*"],"apiGroups":["","apps"],"resources":["*"]}]}}`)
	servers.answer(reviews+"selfsubjectaccessreviews", `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":false}}`)
	s := servers.source(t).Collect(t.Context(), snapshot.ItemRights)
	want := []string{"get, create, update leases.coordination.k8s.io in namespace coder-satellite"}
	got := slices.DeleteFunc(cluster.InWords(s.MissingRights.Value()), func(words string) bool { return !strings.Contains(words, "leases") })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	servers.fail(reviews+"selfsubjectrulesreviews", 500)
	s = servers.source(t).Collect(t.Context(), snapshot.ItemRights)
	if s.MissingRights.IsKnown() {
		t.Errorf("known although nobody answered: %v", s.MissingRights.Value())
	}
}
