package health_test

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Hints are pasted into a shell, so they quote the context's name.
func TestHintsAreQuoted(t *testing.T) {
	for id, change := range map[string]func(*snapshot.Snapshot){
		"cluster-reachable": func(s *snapshot.Snapshot) { lose(&s.Cluster) },
		"satellite-ready":   func(s *snapshot.Snapshot) { edit(&s.Satellite, func(state *satellite.State) { state.Ready = false }) },
		"legacy-rollback-ready": func(s *snapshot.Snapshot) {
			edit(&s.Legacy, func(l *snapshot.Legacy) { l.Readiness.Ready = false })
		},
	} {
		s := healthy()
		s.Region.Satellite.Context, s.Declared.Context = "a; rm -r ~", "a; rm -r ~"
		change(s)
		if got := answer(t, id, s); !strings.Contains(got.Hint, "context 'a; rm -r ~' ") {
			t.Errorf("%s: hint %q", id, got.Hint)
		}
	}
	s := healthy()
	s.Region.Satellite.Context, s.Declared.Context = "a; rm -r ~", "a; rm -r ~"
	edit(&s.Legacy, func(l *snapshot.Legacy) {
		l.AccessURL, l.Reach = "https://x", probe.Result{Stage: "DNS", Err: errLost}
	})
	if got := answer(t, "legacy-rollback-ready", s); !strings.Contains(got.Hint, "kubectl --context 'a; rm -r ~' ") {
		t.Errorf("hint %q", got.Hint)
	}
}

func TestClusterChecks(t *testing.T) {
	noCluster := func(s *snapshot.Snapshot) { lose(&s.Cluster) }
	phase := func(phase string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			edit(&s.Satellite, func(state *satellite.State) { state.NamespacePhase = phase })
		}
	}
	rights := func(rules ...cluster.Rule) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.MissingRights = snapshot.Known(rules) }
	}
	answers(t, map[string]row{
		"answers":   {"cluster-reachable", as, v1alpha1.CheckPass, "https://api.sydney.example.com answers, Kubernetes v1.29.3", ""},
		"no answer": {"cluster-reachable", noCluster, v1alpha1.CheckUnknown, errLost.Error(), "kubectl --context sydney get namespace kube-system"},

		"alone": {"region-distinct", as, v1alpha1.CheckPass, "no other region", ""},
		"same cluster": {
			"region-distinct", func(s *snapshot.Snapshot) { s.SamePlace = []string{"london", "ohio"} },
			v1alpha1.CheckFail, "same cluster as region london, ohio", "take one of them out",
		},
		"same provider": {
			"region-distinct", func(s *snapshot.Snapshot) { s.SameProvider = []string{"london"} },
			v1alpha1.CheckFail, `provider "sydney" is also that of region london`, "take one of them out",
		},
		"no cluster to compare": {"region-distinct", noCluster, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"no provider to compare": {
			"region-distinct", func(s *snapshot.Snapshot) { lose(&s.Provider) }, v1alpha1.CheckSkipped, "the provider is unknown", "",
		},
		"same cluster, no provider": {"region-distinct", func(s *snapshot.Snapshot) {
			s.SamePlace = []string{"london"}
			lose(&s.Provider)
		}, v1alpha1.CheckFail, "same cluster", "take one"},

		"all rights": {"cluster-rights", rights(), v1alpha1.CheckPass, "every right", ""},
		"rights missing": {
			"cluster-rights",
			rights(cluster.Rule{Namespace: "x", Resource: "secrets", Verb: "get"}, cluster.Rule{Namespace: "x", Resource: "secrets", Verb: "update"}, cluster.Rule{Group: "apps", Resource: "deployments", Verb: "list"}),
			v1alpha1.CheckFail, "get, update secrets in namespace x; list deployments.apps in the whole cluster", "administrator",
		},
		"rights unknown":   {"cluster-rights", func(s *snapshot.Snapshot) { lose(&s.MissingRights) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"rights not asked": {"cluster-rights", func(s *snapshot.Snapshot) { s.MissingRights = snapshot.Fact[[]cluster.Rule]{} }, v1alpha1.CheckSkipped, "when there is something to change", ""},

		"active":      {"namespace-active", phase("Active"), v1alpha1.CheckPass, `"coder-satellite" is active`, ""},
		"to come":     {"namespace-active", phase(""), v1alpha1.CheckPass, "will be created", ""},
		"terminating": {"namespace-active", phase("Terminating"), v1alpha1.CheckFail, "is being deleted", "--namespace"},
		"no state":    {"namespace-active", func(s *snapshot.Snapshot) { lose(&s.Satellite) }, v1alpha1.CheckUnknown, errLost.Error(), ""},

		"apart": {"namespace-separate", as, v1alpha1.CheckPass, `"coder"`, ""},
		"shared": {"namespace-separate", func(s *snapshot.Snapshot) {
			edit(&s.Provider, func(p *coder.Provider) { p.Config.DefaultNamespace = "coder-satellite" })
		}, v1alpha1.CheckWarn, `"coder-satellite" is also where provider "sydney"`, "--namespace"},
		"whose": {"namespace-separate", func(s *snapshot.Snapshot) { lose(&s.Provider) }, v1alpha1.CheckSkipped, "the provider is unknown", ""},
	})
}

func TestChartChecks(t *testing.T) {
	answers(t, map[string]row{
		"there": {"chart-available", as, v1alpha1.CheckPass, "coder 1.21.7", ""},
		"not there": {
			"chart-available", func(s *snapshot.Snapshot) { lose(&s.Chart) }, v1alpha1.CheckUnknown, errLost.Error(), "--chart-version",
		},
		"old cluster": {"chart-available", func(s *snapshot.Snapshot) {
			edit(&s.Cluster, func(c *snapshot.Cluster) { c.Version = "v1.18.20" })
		}, v1alpha1.CheckFail, "supports Kubernetes >= 1.19.0-0, but the cluster has v1.18.20", "--chart-version"},
		"vendor's cluster": {"chart-available", func(s *snapshot.Snapshot) {
			edit(&s.Cluster, func(c *snapshot.Cluster) { c.Version = "v1.21.14-gke.4300" })
		}, v1alpha1.CheckPass, "coder 1.21.7", ""},
		"unknown cluster": {"chart-available", func(s *snapshot.Snapshot) { lose(&s.Cluster) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"values":          {"values-valid", as, v1alpha1.CheckPass, "agree with the region", ""},
		"values that the chart does not take": {
			"values-valid", func(s *snapshot.Snapshot) { lose(&s.Rendering) }, v1alpha1.CheckFail, errLost.Error(), "correct the values",
		},
		"values that it takes": {
			"values-valid", func(s *snapshot.Snapshot) { s.Rendering = snapshot.Known(satellite.Rendering{}) }, v1alpha1.CheckPass, "agree with the region", "",
		},
		"no values":  {"values-valid", func(s *snapshot.Snapshot) { lose(&s.Spec) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"no secrets": {"values-secrets", as, v1alpha1.CheckPass, "every Secret", ""},
		"missing secrets": {
			"values-secrets", func(s *snapshot.Snapshot) { s.MissingSecrets = snapshot.Known([]string{"tls", "ca"}) },
			v1alpha1.CheckFail, `namespace "coder-satellite": tls, ca`, "kubectl create secret tls",
		},
		"secrets unknown":      {"values-secrets", func(s *snapshot.Snapshot) { lose(&s.MissingSecrets) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"secrets of no values": {"values-secrets", func(s *snapshot.Snapshot) { lose(&s.Spec) }, v1alpha1.CheckSkipped, "the values are unknown", ""},
	})
}
