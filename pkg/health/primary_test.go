package health_test

import (
	"testing"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestPrimaryChecks(t *testing.T) {
	roles := func(roles ...string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { edit(&s.Primary.Me, func(me *coder.User) { me.Roles = roles }) }
	}
	primary := func(text string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.Known(version(text)) }
	}
	answers(t, map[string]row{
		"1.20":       {"primary-version", primary("1.20.6"), v1alpha1.CheckFail, "v1.20.6, which knows no satellites", "upgrade the primary"},
		"1.21":       {"primary-version", primary("1.21.0"), v1alpha1.CheckPass, "v1.21.0", ""},
		"1.44":       {"primary-version", primary("1.44.3"), v1alpha1.CheckPass, "v1.44.3", ""},
		"2.0":        {"primary-version", primary("2.0.0"), v1alpha1.CheckPass, "v2.0.0", ""},
		"no answer":  {"primary-version", func(s *snapshot.Snapshot) { lose(&s.Primary.Version) }, v1alpha1.CheckUnknown, errLost.Error(), "--coder-url"},
		"not asked":  {"primary-version", func(s *snapshot.Snapshot) { s.Primary = snapshot.Primary{} }, v1alpha1.CheckUnknown, "not collected", "--coder-url"},
		"manager":    {"operator-role", roles("site-member", "site-manager"), v1alpha1.CheckPass, "ann@example.com may manage", ""},
		"admin":      {"operator-role", roles("site-admin"), v1alpha1.CheckPass, "ann@example.com", ""},
		"member":     {"operator-role", roles("site-member", "site-auditor"), v1alpha1.CheckFail, "[site-member, site-auditor]", "site manager"},
		"no roles":   {"operator-role", roles(), v1alpha1.CheckFail, "[]", "site manager"},
		"no user":    {"operator-role", func(s *snapshot.Snapshot) { lose(&s.Primary.Me) }, v1alpha1.CheckUnknown, errLost.Error(), "coder login"},
		"nobody yet": {"operator-role", func(s *snapshot.Snapshot) { s.Primary.Me = snapshot.Fact[coder.User]{} }, v1alpha1.CheckUnknown, "not collected", "coder login"},
	})
}

func TestProviderChecks(t *testing.T) {
	provider := func(change func(*coder.Provider)) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { edit(&s.Provider, change) }
	}
	lost := func(s *snapshot.Snapshot) { lose(&s.Provider) }
	answers(t, map[string]row{
		"one": {"provider-found", func(*snapshot.Snapshot) {}, v1alpha1.CheckPass, `"sydney"`, ""},
		"of another's cluster": {"provider-found", func(s *snapshot.Snapshot) {
			s.Primary.Providers = snapshot.Known([]coder.Provider{
				{ID: "p", Name: "sydney", Config: coder.ProviderConfig{ClusterAddress: "https://elsewhere.example.com"}},
				{ID: "q", Name: "ohio", Config: coder.ProviderConfig{ClusterAddress: s.Cluster.Value().Server}},
			})
		}, v1alpha1.CheckFail, `leads to that of provider "ohio"`, "name the provider of this cluster"},
		"behind a load balancer": {"provider-found", func(s *snapshot.Snapshot) {
			s.Primary.Providers = snapshot.Known([]coder.Provider{{ID: "p", Name: "sydney", Config: coder.ProviderConfig{ClusterAddress: "https://elsewhere.example.com"}}})
		}, v1alpha1.CheckPass, `"sydney"`, ""},
		"found, no list": {"provider-found", func(s *snapshot.Snapshot) { lose(&s.Primary.Providers) }, v1alpha1.CheckPass, `"sydney"`, ""},
		"none or two":    {"provider-found", lost, v1alpha1.CheckUnknown, errLost.Error(), "name it with --provider"},
		"no list":        {"provider-found", func(s *snapshot.Snapshot) { lost(s); lose(&s.Primary.Providers) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"its cluster":    {"provider-cluster", as, v1alpha1.CheckPass, "it is the satellite's cluster", ""},
		"a cluster of its own": {"provider-cluster", func(s *snapshot.Snapshot) { s.Declared.Context = "workspaces" }, v1alpha1.CheckPass,
			"https://api.sydney.example.com answers, Kubernetes v1.29.3", ""},
		"which cluster": {"provider-cluster", func(s *snapshot.Snapshot) {
			s.Declared.Context = "workspaces"
			lose(&s.ProviderCluster)
		}, v1alpha1.CheckUnknown, errLost.Error(), "kubectl --context workspaces get namespace kube-system"},
		"ready":        {"provider-ready", func(*snapshot.Snapshot) {}, v1alpha1.CheckPass, "ready", ""},
		"pending":      {"provider-ready", provider(func(p *coder.Provider) { p.Status = "pending" }), v1alpha1.CheckWarn, `"pending"`, "dashboard"},
		"error":        {"provider-ready", provider(func(p *coder.Provider) { p.Status = "error" }), v1alpha1.CheckWarn, `"error"`, "dashboard"},
		"no provider":  {"provider-ready", lost, v1alpha1.CheckSkipped, "the provider is unknown", ""},
		"on":           {"networking-v2", func(*snapshot.Snapshot) {}, v1alpha1.CheckPass, "uses Networking v2", ""},
		"off":          {"networking-v2", provider(func(p *coder.Provider) { p.EnableNetV2 = ptr.To(false) }), v1alpha1.CheckFail, "legacy path", "kubectl coder-satellite migrate --context sydney"},
		"silent":       {"networking-v2", provider(func(p *coder.Provider) { p.EnableNetV2 = nil }), v1alpha1.CheckFail, "does not say", "upgrade"},
		"lost":         {"networking-v2", lost, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"version lost": {"networking-v2", func(s *snapshot.Snapshot) { lose(&s.Primary.Version) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"both lost": {"networking-v2", func(s *snapshot.Snapshot) {
			edit(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = nil })
			lose(&s.Primary.Version)
		}, v1alpha1.CheckUnknown, errLost.Error(), ""},
		"always on": {"networking-v2", func(s *snapshot.Snapshot) {
			s.Primary.Version = snapshot.Known(version("1.22.0"))
			edit(&s.Provider, func(p *coder.Provider) { p.EnableNetV2 = nil })
		}, v1alpha1.CheckPass, "v1.22.0 always uses", ""},
	})
}

func TestCanaryCheck(t *testing.T) {
	status := func(status coder.ContainerStatus) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			edit(&s.Canary, func(c *snapshot.Canary) {
				c.Workspace.LatestStat = coder.WorkspaceStat{ContainerStatus: status, StatError: "no image"}
			})
		}
	}
	answers(t, map[string]row{
		"on":          {"canary", status(coder.ContainerOn), v1alpha1.CheckPass, `"canary" is ON`, ""},
		"off":         {"canary", status(coder.ContainerOff), v1alpha1.CheckPass, `"canary" is OFF`, ""},
		"creating":    {"canary", status(coder.ContainerCreating), v1alpha1.CheckPass, "CREATING", ""},
		"failed":      {"canary", status(coder.ContainerFailed), v1alpha1.CheckFail, "no image", "coder workspaces rebuild canary"},
		"unknown":     {"canary", status(coder.ContainerUnknown), v1alpha1.CheckWarn, "UNKNOWN", "coder workspaces ls"},
		"new state":   {"canary", status("HIBERNATED"), v1alpha1.CheckWarn, "HIBERNATED", ""},
		"none wanted": {"canary", func(s *snapshot.Snapshot) { s.Canary = snapshot.Known(snapshot.Canary{None: true}) }, v1alpha1.CheckSkipped, "no canary was asked for", ""},
		"none found":  {"canary", func(s *snapshot.Snapshot) { lose(&s.Canary) }, v1alpha1.CheckUnknown, errLost.Error(), "--canary"},
		"no provider": {"canary", func(s *snapshot.Snapshot) { lose(&s.Canary); lose(&s.Provider) }, v1alpha1.CheckUnknown, errLost.Error(), ""},
	})
}
