package satellite

import (
	"fmt"

	"helm.sh/helm/v3/pkg/action"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Release is a satellite's Helm release at its site, whether it is installed yet
// or not. Reading and changing it are its methods.
type Release struct {
	access          *cluster.Access
	namespace, name string
}

// At returns the release of that name in the namespace of the cluster. It makes
// no request.
func At(access *cluster.Access, namespace, release string) Release {
	return Release{access: access, namespace: namespace, name: release}
}

// String returns "namespace/name".
func (r Release) String() string { return r.namespace + "/" + r.name }

// helm returns Helm's configuration for one action.
func (r Release) helm() (*action.Configuration, error) { return r.access.Helm(r.namespace) }

// explain says what failed, and puts errors of the connection in plain words.
func (r Release) explain(err error, format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), cluster.Explain(err, r.access.Context))
}

// objects returns the reader of the objects that the chart makes.
func (r Release) objects() objects {
	return objects{client: r.access.Clientset(), namespace: r.namespace}
}
