package cluster

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// Helm storage drivers that the plugin knows.
const (
	DriverSecrets    = "secrets"
	DriverConfigMaps = "configmaps"
)

// StorageDriver returns the driver that a value of $HELM_DRIVER means, or an error that says why it is not supported.
func StorageDriver(driver string) (string, error) {
	switch strings.ToLower(driver) {
	case "", "secret", "secrets":
		return DriverSecrets, nil
	case "configmap", "configmaps":
		return DriverConfigMaps, nil
	default:
		return "", fmt.Errorf("HELM_DRIVER is %q: only \"secrets\" and \"configmaps\" keep releases in the cluster, where they can be retained", driver)
	}
}

// Driver returns Helm's storage driver: DriverSecrets or DriverConfigMaps.
func (a *Access) Driver() string { return a.options.HelmDriver }

// Helm returns a new Helm configuration for one operation in the namespace. Do not use it twice: operations change it.
// Helm's debug messages are dropped.
func (a *Access) Helm(namespace string) *action.Configuration {
	configuration := &action.Configuration{}
	// it fails for drivers that StorageDriver refuses only
	_ = configuration.Init(&getter{access: a, namespace: namespace}, namespace, a.Driver(), func(string, ...any) {})
	configuration.Releases = a.boundedStorage(namespace)
	return configuration
}

// Capabilities returns what Helm determines about a cluster to render a chart (Helm v3, pkg/action: getCapabilities),
// without writing all of the cluster's discovery to the disk. It takes three requests.
func (a *Access) Capabilities() (*chartutil.Capabilities, error) {
	version, err := a.Clientset().Discovery().ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("the cluster's version cannot be read: %w", err)
	}
	versions, err := action.GetVersionSet(a.Clientset().Discovery())
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // as Helm does
		return nil, fmt.Errorf("the APIs that the cluster serves cannot be discovered: %w", err)
	}
	known := chartutil.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor}
	return &chartutil.Capabilities{APIVersions: versions, KubeVersion: known, HelmVersion: chartutil.DefaultCapabilities.HelmVersion}, nil
}

// Mapper returns a mapper from kinds to resources.
func (a *Access) Mapper() (meta.RESTMapper, error) {
	mapper, err := (&getter{access: a}).ToRESTMapper()
	if err != nil {
		return nil, fmt.Errorf("the APIs that the cluster serves cannot be discovered: %w", err)
	}
	return mapper, nil
}

// getter lets Helm and cli-runtime use an Access (genericclioptions.RESTClientGetter).
type getter struct {
	access    *Access
	namespace string
}

func (g *getter) ToRESTConfig() (*rest.Config, error) { return g.access.Config(), nil }

func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	if g.access.options.CacheDir == "" {
		return memory.NewMemCacheClient(g.access.Clientset().Discovery()), nil
	}
	dir := filepath.Join(g.access.options.CacheDir, "discovery", hostDir(g.access.config.Host))
	return disk.NewCachedDiscoveryClientForConfig(g.access.Config(), dir, filepath.Join(g.access.options.CacheDir, "http"), 6*time.Hour) // as kubectl
}

// ToRESTMapper uses cached discovery only for kinds that not every cluster serves.
func (g *getter) ToRESTMapper() (meta.RESTMapper, error) {
	client, err := g.ToDiscoveryClient()
	if err != nil {
		return nil, err
	}
	return knownFirst{restmapper.NewDeferredDiscoveryRESTMapper(client), g.access.kubeconfig.known}, nil
}

// ToRawKubeConfigLoader gives Helm the operation's namespace; with another, objects are created there (helm#8780).
func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{}
	overrides.Context.Namespace = g.namespace
	return clientcmd.NewNonInteractiveClientConfig(*g.access.kubeconfig.config, g.access.Context, overrides, nil)
}

func hostDir(host string) string {
	host = strings.TrimPrefix(strings.TrimPrefix(host, "https://"), "http://")
	return regexp.MustCompile(`[^(\w/.)]`).ReplaceAllString(host, "_")
}
