package supervisor

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/charts"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/node"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

// Names of what a region has before its migration.
const (
	legacyNamespace    = "coder"
	legacyRelease      = "coder-workspace-provider"
	satelliteNamespace = "coder-satellite"
	tlsSecret          = "coder-satellite-tls"
)

// bringUp makes a region what it is before its migration: controllers and a
// node, the legacy release, a provider at the primary and two workspaces. The
// node's agent runs until running ends.
func bringUp(ctx, running context.Context, lab *layout.Lab, region layout.Region, files *pki.Files, kids *children, primary *codertest.Primary) error {
	kubeconfig, err := cluster.LoadKubeconfig(labKubeconfig(lab))
	if err != nil {
		return err
	}
	access, err := kubeconfig.Open(region.Name, cluster.Options{UserAgent: "coder-satellite-lab"})
	if err != nil {
		return err
	}
	err = kids.poll(ctx, "the API server of "+region.Name, func(ctx context.Context) error {
		return access.Clientset().Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err != nil {
		return err
	}
	if err := kids.controllers(region, controllerKubeconfig(lab, region), files); err != nil {
		return err
	}
	kids.agent(running, node.New(node.Options{Region: region, Client: access.Clientset(), Certificate: files.Certificate, Key: files.Key, CA: lab.CAFile}))

	for _, namespace := range []string{legacyNamespace, satelliteNamespace} {
		_, err := access.Clientset().CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("namespace %s of %s: %w", namespace, region.Name, err)
		}
	}
	_, err = access.Clientset().CoreV1().Secrets(satelliteNamespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: tlsSecret},
		Type:       corev1.SecretTypeTLS,
		Data:       map[string][]byte{"tls.crt": files.Certificate, "tls.key": files.Key},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	addToPrimary(region, primary)
	if err := installLegacy(access, lab, region); err != nil {
		return fmt.Errorf("the legacy release of %s: %w", region.Name, err)
	}
	return kids.poll(ctx, "envproxy of "+region.Name, func(ctx context.Context) error {
		deployment, err := access.Clientset().AppsV1().Deployments(legacyNamespace).Get(ctx, "envproxy", metav1.GetOptions{})
		if err == nil && deployment.Status.AvailableReplicas == 0 {
			err = fmt.Errorf("envproxy is not available: %v", deployment.Status.Conditions)
		}
		return err
	})
}

// installLegacy installs the legacy release as its chart was before 1.21.4:
// without resource policies.
func installLegacy(access *cluster.Access, lab *layout.Lab, region layout.Region) error {
	chart, err := charts.Load("workspace-provider", charts.LegacyVersion)
	if err != nil {
		return err
	}
	configuration, err := access.Helm(legacyNamespace, nil)
	if err != nil {
		return err
	}
	install := action.NewInstall(configuration)
	install.Namespace, install.ReleaseName = legacyNamespace, legacyRelease
	_, err = install.Run(chart, map[string]any{
		"envproxy": map[string]any{
			"token":          "envproxy-token-of-" + region.Name,
			"accessURL":      region.EnvproxyURL,
			"clusterAddress": region.Server,
		},
		"cemanager": map[string]any{"accessURL": lab.PrimaryURL},
	})
	return err
}

// addToPrimary adds the region's provider and two workspaces on it: the
// operator's own, which is off, and somebody else's, which is on.
func addToPrimary(region layout.Region, primary *codertest.Primary) {
	provider := primary.AddProvider(codertest.Provider{
		Name:              region.Name,
		EnvproxyAccessURL: region.EnvproxyURL,
		Config: codertest.ProviderConfig{
			ClusterAddress: region.Server, DefaultNamespace: legacyNamespace, StorageClass: "standard",
			ClusterDomainSuffix: ".svc.cluster.local", SSHEnabled: true,
		},
	})
	users := map[string]codertest.User{}
	for _, user := range primary.State().Users {
		users[user.Email] = user
	}
	primary.AddWorkspace(codertest.Workspace{
		Name: "canary-" + region.Name, UserID: users[operatorEmail].ID, ResourcePoolID: provider.ID,
	})
	primary.AddWorkspace(codertest.Workspace{
		Name: "work-" + region.Name, UserID: users["member@example.com"].ID, ResourcePoolID: provider.ID,
		LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"},
	})
}
