// Package cluster gives access to one region's cluster: its REST configuration, clients and Helm configuration. Regions
// share nothing, and nothing acts on a context that was not named.
package cluster

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// Kubeconfig is a kubeconfig that was read once; it opens contexts by name.
type Kubeconfig struct {
	config *clientcmdapi.Config
	source string
	logins *logins
	known  *meta.DefaultRESTMapper // kinds that every cluster serves
}

// LoadKubeconfig reads the kubeconfig at path or, if path is empty, the files that kubectl reads: those of $KUBECONFIG,
// else ~/.kube/config. A missing file counts as empty unless path names it. It never prompts.
func LoadKubeconfig(path string) (*Kubeconfig, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.WarnIfAllMissing = false
	source := strings.Join(rules.Precedence, ":")
	if path != "" {
		rules.ExplicitPath, source = path, path
	}
	config, err := rules.Load()
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig %s cannot be read: %w", source, err)
	}
	return &Kubeconfig{config: config, source: source, logins: &logins{}, known: knownKinds()}, nil
}

// Contexts returns the names of all contexts, sorted.
func (k *Kubeconfig) Contexts() []string { return slices.Sorted(maps.Keys(k.config.Contexts)) }

// Server returns the URL of the context's API server. If the context does not exist, the error names similar ones.
func (k *Kubeconfig) Server(context string) (string, error) {
	cluster, err := k.cluster(context)
	if err != nil {
		return "", err
	}
	return cluster.Server, nil
}

func (k *Kubeconfig) cluster(name string) (*clientcmdapi.Cluster, error) {
	entry, ok := k.config.Contexts[name]
	switch {
	case !ok && len(k.config.Contexts) == 0:
		return nil, fmt.Errorf("context %q does not exist: the kubeconfig %s has no contexts; set KUBECONFIG or give --kubeconfig", name, k.source)
	case !ok:
		return nil, fmt.Errorf("context %q does not exist in the kubeconfig %s%s (`kubectl config get-contexts` lists them)",
			name, k.source, suggest.DidYouMean(name, k.Contexts()))
	}
	cluster, ok := k.config.Clusters[entry.Cluster]
	if !ok {
		return nil, fmt.Errorf("context %q names the cluster %q, which the kubeconfig %s does not have", name, entry.Cluster, k.source)
	}
	return cluster, nil
}

// CurrentOrError returns the current context, or an error that says what to type.
func (k *Kubeconfig) CurrentOrError() (string, error) {
	if k.config.CurrentContext == "" {
		return "", errors.New("no context was named and the kubeconfig has no current one: name one with --context")
	}
	return k.config.CurrentContext, nil
}
