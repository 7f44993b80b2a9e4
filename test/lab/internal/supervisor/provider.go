package supervisor

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/charts"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// Helm releases that the lab installs, in the provider's namespace.
const (
	legacyRelease  = "coder-workspace-provider"
	primaryRelease = "coder"
)

// provide sets up a provider as it is before its migration: the primary knows it, with two
// workspaces, and it is reached through its legacy release, or through the primary's own release
// if it is built in. It returns once that release's Deployment is available.
func (b *builder) provide(ctx context.Context, in site, provider layout.Provider) error {
	if err := in.createNamespace(ctx, provider.Namespace); err != nil {
		return err
	}
	b.addToPrimary(in, provider)
	release, deployment, install := legacyRelease, "envproxy", b.installLegacy
	if provider.BuiltIn {
		release, deployment, install = primaryRelease, "coderd", b.installPrimary
	}
	if err := install(in, provider); err != nil {
		return fmt.Errorf("the release %s/%s of %s: %w", provider.Namespace, release, in.Context, err)
	}
	return b.kids.poll(ctx, fmt.Sprintf("%s/%s of %s", provider.Namespace, deployment, in.Context), func(ctx context.Context) error {
		found, err := in.access.Clientset().AppsV1().Deployments(provider.Namespace).Get(ctx, deployment, metav1.GetOptions{})
		if err == nil && found.Status.AvailableReplicas == 0 {
			err = fmt.Errorf("%s is not available: %v", deployment, found.Status.Conditions)
		}
		return err
	})
}

// installLegacy installs the legacy release from a chart before 1.21.4, which has no resource
// policies.
func (b *builder) installLegacy(in site, provider layout.Provider) error {
	return in.install("workspace-provider", charts.LegacyVersion, provider.Namespace, legacyRelease, map[string]any{
		"envproxy": map[string]any{
			"token":          "envproxy-token-of-" + provider.Name,
			"accessURL":      provider.EnvproxyURL,
			"clusterAddress": in.Server,
		},
		"cemanager": map[string]any{"accessURL": b.lab.PrimaryURL},
	})
}

// installPrimary installs the primary's own release. Its pods run nothing, because the supervisor
// emulates the primary. Up to 1.21 it has a Deployment envproxy, which does not belong to a
// legacy release.
func (b *builder) installPrimary(in site, provider layout.Provider) error {
	return in.install("coder", b.lab.PrimaryVersion, provider.Namespace, primaryRelease, nil)
}

// install installs one of the lab's charts.
func (s *site) install(name, version, namespace, release string, values map[string]any) error {
	chart, err := charts.Load(name, version)
	if err != nil {
		return err
	}
	install := action.NewInstall(s.access.Helm(namespace))
	install.Namespace, install.ReleaseName = namespace, release
	_, err = install.Run(chart, values)
	return err
}

// addToPrimary adds a provider and two workspaces on it: the operator's own, which is off, and
// another user's, which is on.
func (b *builder) addToPrimary(in site, provider layout.Provider) {
	envproxy := provider.EnvproxyURL
	if provider.BuiltIn {
		envproxy = b.lab.PrimaryURL // chosen: its workspaces are reached through the primary
	}
	added := b.primary.AddProvider(codertest.Provider{
		Name: provider.Name, BuiltIn: provider.BuiltIn,
		EnvproxyAccessURL: envproxy,
		Config: codertest.ProviderConfig{
			ClusterAddress: in.Server, DefaultNamespace: provider.Namespace, StorageClass: "standard",
			ClusterDomainSuffix: ".svc.cluster.local", SSHEnabled: true,
		},
	})
	users := map[string]codertest.User{}
	for _, user := range b.primary.State().Users {
		users[user.Email] = user
	}
	b.primary.AddWorkspace(codertest.Workspace{
		Name: "canary-" + provider.Name, UserID: users[operatorEmail].ID, ResourcePoolID: added.ID,
	})
	b.primary.AddWorkspace(codertest.Workspace{
		Name: "work-" + provider.Name, UserID: users["member@example.com"].ID, ResourcePoolID: added.ID,
		LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"},
	})
}
