package snapshot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A review of a namespace's rules covers every right that it grants. Each of the others needs a
// request of its own.
func TestMissingRights(t *testing.T) {
	servers := newServers(t)
	const reviews = apiHost + "/apis/authorization.k8s.io/v1/"
	servers.answer(reviews+"selfsubjectrulesreviews", `{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","status":{"resourceRules":[`+
		`{"verbs":["*"],"apiGroups":["","apps"],"resources":["*"]}]}}`)
	servers.answer(reviews+"selfsubjectaccessreviews", `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":false}}`)
	source := servers.source(t)
	needed := []cluster.Rule{{Namespace: source.Region.Satellite.Namespace, Resource: "secrets", Verb: "get"}}
	for _, verb := range []string{"get", "create", "update"} {
		needed = append(needed, cluster.Rule{Namespace: source.Region.Satellite.Namespace, Group: "coordination.k8s.io", Resource: "leases", Verb: verb})
	}
	s := source.Collect(t.Context())
	s.MissingRights = snapshot.MissingRights(t.Context(), source.SatelliteSite, needed)
	want := []string{"get, create, update leases.coordination.k8s.io in namespace coder-satellite"}
	if diff := cmp.Diff(want, cluster.InWords(s.MissingRights.Value())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	servers.fail(reviews+"selfsubjectrulesreviews", 500)
	s.MissingRights = snapshot.MissingRights(t.Context(), source.SatelliteSite, needed)
	if s.MissingRights.IsKnown() {
		t.Errorf("known although there was no answer: %v", s.MissingRights.Value())
	}
}

// If nobody says which rights are needed, the rights are not complete, but unknown.
func TestRightsOfNothing(t *testing.T) {
	source := newServers(t).source(t)
	s := source.Collect(t.Context())
	s.MissingRights = snapshot.MissingRights(t.Context(), source.SatelliteSite, nil)
	if s.MissingRights.IsKnown() {
		t.Errorf("known although no rights were requested: %v", s.MissingRights.Value())
	}
}
