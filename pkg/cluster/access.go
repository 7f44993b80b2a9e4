package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // that kubeconfigs may name
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"
)

// Options configure how a context is opened.
type Options struct {
	UserAgent  string
	Overrides  clientcmd.ConfigOverrides // of the context's settings in the kubeconfig, as by kubectl's flags
	Timeout    time.Duration             // of each request; 0 means 30 seconds
	Warnings   io.Writer                 // receives the server's warnings, each once; nil drops them
	CacheDir   string                    // of discovery; "" caches in memory only
	HelmDriver string                    // Helm's storage driver as in $HELM_DRIVER; "" means secrets
}

// Access gives access to one region's cluster. All its clients, and Helm's, share one transport.
type Access struct {
	Context string // the kubeconfig context

	kubeconfig *Kubeconfig
	beneath    http.RoundTripper // holds the connections
	config     *rest.Config
	options    Options

	mu      sync.Mutex
	clients *clients // nil while they are not used: those of a thousand regions would fill 30 MiB
}

type clients struct {
	typed    kubernetes.Interface
	dynamic  dynamic.Interface
	metadata metadata.Interface
}

// Open returns the access to the context's cluster. It does not connect.
func (k *Kubeconfig) Open(context string, options Options) (*Access, error) {
	if _, err := k.cluster(context); err != nil {
		return nil, err
	}
	driver, err := StorageDriver(options.HelmDriver)
	if err != nil {
		return nil, err
	}
	options.HelmDriver = driver
	config, err := clientcmd.NewNonInteractiveClientConfig(*k.config, context, &options.Overrides, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("context %q of the kubeconfig %s is not usable: %w", context, k.source, err)
	}
	config.UserAgent = options.UserAgent
	config.Timeout = cmp.Or(options.Timeout, 30*time.Second)
	config.WarningHandler = rest.NoWarnings{}
	if options.Warnings != nil {
		config.WarningHandler = rest.NewWarningWriter(options.Warnings, rest.WarningWriterOptions{Deduplicate: true})
	}
	config.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext // as client-go does, but shared with no other context
	var beneath http.RoundTripper
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { // first, so that it is beneath the credentials
		beneath = next
		return guarded(opening(next), config.Timeout, maxAnswer)
	})
	authenticated, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("context %q of the kubeconfig %s is not usable: %w", context, k.source, err)
	}
	user := cmp.Or(options.Overrides.Context.AuthInfo, k.config.Contexts[context].AuthInfo)
	transport := paced(flowcontrol.NewTokenBucketRateLimiter(qps, burst), k.logins.inTurn(user, authenticated))
	access := &Access{Context: context, kubeconfig: k, beneath: beneath, config: overTransport(config, transport), options: options}
	if _, err := newClients(access.config); err != nil { // those that are made later then succeed
		return nil, err
	}
	return access, nil
}

// overTransport returns the configuration without credentials, TLS and rate limit, which the transport has.
func overTransport(config *rest.Config, transport http.RoundTripper) *rest.Config {
	return &rest.Config{
		Host: config.Host, APIPath: config.APIPath, ContentConfig: config.ContentConfig, UserAgent: config.UserAgent,
		QPS: -1, Timeout: config.Timeout, WarningHandler: config.WarningHandler, Transport: transport,
	}
}

func newClients(config *rest.Config) (*clients, error) {
	client := &http.Client{Transport: config.Transport} // without a timeout: the transport has one, and knows when the time begins
	typed, err := kubernetes.NewForConfigAndClient(config, client)
	untyped, errUntyped := dynamic.NewForConfigAndClient(config, client)
	ofMetadata, errMetadata := metadata.NewForConfigAndClient(metadata.ConfigFor(config), client)
	return &clients{typed, untyped, ofMetadata}, cmp.Or(err, errUntyped, errMetadata)
}

func (a *Access) use() *clients {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients == nil {
		a.clients, _ = newClients(a.config) // it succeeded before
	}
	return a.clients
}

// Wrapped returns the same access with wrap around its transport, for every request of every client and of Helm.
func (a *Access) Wrapped(wrap func(http.RoundTripper) http.RoundTripper) *Access {
	config := overTransport(a.config, wrap(a.config.Transport))
	return &Access{Context: a.Context, kubeconfig: a.kubeconfig, beneath: a.beneath, config: config, options: a.options}
}

// CloseIdle closes connections that are not in use, and drops the clients until they are used again.
func (a *Access) CloseIdle() {
	utilnet.CloseIdleConnectionsFor(a.beneath)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clients = nil
}

// Config returns a copy of the REST configuration.
func (a *Access) Config() *rest.Config { return rest.CopyConfig(a.config) }

// FieldManager returns the user agent up to the version, which the API server records for changes that name no manager.
func (a *Access) FieldManager() string {
	name, _, _ := strings.Cut(a.config.UserAgent, "/")
	return name
}

// Server returns the API server's URL.
func (a *Access) Server() string { return a.config.Host }

// Clientset returns the typed clients.
func (a *Access) Clientset() kubernetes.Interface { return a.use().typed }

// Dynamic returns the client for objects of any kind.
func (a *Access) Dynamic() dynamic.Interface { return a.use().dynamic }

// Metadata returns the client that reads and lists metadata alone.
func (a *Access) Metadata() metadata.Interface { return a.use().metadata }

// UID requests the UID of the namespace kube-system, which identifies the cluster: no two clusters share it.
func (a *Access) UID(ctx context.Context) (string, error) {
	namespace, err := a.Clientset().CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return string(namespace.UID), nil
}

// ServerVersion requests the API server's version, for example "v1.29.3".
func (a *Access) ServerVersion(ctx context.Context) (string, error) {
	info, err := discovery.ToServerVersionInterfaceWithContext(a.Clientset().Discovery()).ServerVersionWithContext(ctx)
	if err != nil {
		return "", err
	}
	if info.GitVersion == "" {
		return "", errors.New("the API server's /version names no version")
	}
	return info.GitVersion, nil
}
