package supervisor

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/node"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

// Names of the objects that a satellite needs in its cluster before the migration.
const (
	satelliteNamespace = "coder-satellite"
	tlsSecret          = "coder-satellite-tls"
)

// builder sets up clusters as they are before any migration.
type builder struct {
	lab      *layout.Lab
	files    *pki.Files
	kids     *children
	primary  *codertest.Primary
	networks networks
}

// site is a cluster that is being set up.
type site struct {
	layout.Cluster
	access *cluster.Access
}

// bringUp starts controllers and a node in a cluster whose API server is running, and then
// creates the objects of the lab's regions there. The node's agent runs until running ends.
func (b *builder) bringUp(ctx, running context.Context, one layout.Cluster) error {
	kubeconfig, err := cluster.LoadKubeconfig(labKubeconfig(b.lab))
	if err != nil {
		return err
	}
	access, err := kubeconfig.Open(one.Context, cluster.Options{UserAgent: "coder-satellite-lab"})
	if err != nil {
		return err
	}
	err = b.kids.poll(ctx, "the API server of "+one.Context, func(ctx context.Context) error {
		return access.Clientset().Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err != nil {
		return err
	}
	if err := b.kids.controllers(one, controllerKubeconfig(b.lab, one), b.files); err != nil {
		return err
	}
	options := node.Options{Cluster: one, Client: access.Clientset(), Certificate: b.files.Certificate, Key: b.files.Key, CA: b.lab.CAFile, Network: b.networks[one.Context]}
	options.AccessPort, options.EnvproxyPorts = b.doors(one)
	options.Run, options.Dir, options.Process = b.lab.Run, b.lab.Path(one.Context, "pods"), dieWithParent()
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return err
	}
	b.kids.agent(running, node.New(options))
	return b.furnish(ctx, site{one, access})
}

// doors are the ports that lead into a cluster: to its satellite, and to the envproxy of each
// namespace.
func (b *builder) doors(one layout.Cluster) (access int, envproxies map[string]int) {
	envproxies = map[string]int{}
	for _, region := range b.lab.Regions {
		if region.Context == one.Context {
			access = region.AccessPort
		}
		for _, provider := range region.Providers {
			if provider.Context == one.Context && !provider.BuiltIn {
				envproxies[provider.Namespace] = provider.EnvproxyPort
			}
		}
	}
	return access, envproxies
}

// furnish creates the objects of the lab's regions in a cluster.
func (b *builder) furnish(ctx context.Context, in site) error {
	for _, region := range b.lab.Regions {
		if region.Context == in.Context {
			if err := b.prepareSatellite(ctx, in); err != nil {
				return err
			}
		}
		for _, provider := range region.Providers {
			if provider.Context != in.Context {
				continue
			}
			if err := b.provide(ctx, in, provider); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepareSatellite creates the satellite's namespace, with the certificate that the satellite
// will serve.
func (b *builder) prepareSatellite(ctx context.Context, in site) error {
	if err := in.createNamespace(ctx, satelliteNamespace); err != nil {
		return err
	}
	_, err := in.access.Clientset().CoreV1().Secrets(satelliteNamespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: tlsSecret},
		Type:       corev1.SecretTypeTLS,
		Data:       map[string][]byte{"tls.crt": b.files.Certificate, "tls.key": b.files.Key},
	}, metav1.CreateOptions{})
	return err
}

func (s *site) createNamespace(ctx context.Context, name string) error {
	_, err := s.access.Clientset().CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("namespace %s of %s: %w", name, s.Context, err)
	}
	return nil
}
