// Package legacy finds the release of chart workspace-provider behind a region's provider, retains it, restores it when
// somebody uninstalled it, and removes it for good. It never prints and never asks.
package legacy

import (
	"fmt"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Release is a legacy release: a Helm release of chart workspace-provider. It holds no secrets.
type Release struct {
	// Context is the kubeconfig context; Namespace and Name identify the release in its cluster.
	Context, Namespace, Name string
	// Revision is the deployed revision or, if RecordMissing, the one backed up.
	Revision int
	// LatestRevision is the highest revision with a record, unlike Revision after a failed or interrupted upgrade.
	LatestRevision int
	// Status is Helm's status of the latest revision, normally "deployed"; empty without a record.
	Status string
	// ChartName and ChartVersion are those of Revision.
	ChartName, ChartVersion string
	// AccessURL is envproxy's in the release's values; empty if they have none.
	AccessURL string
	// Driver is where the records are: cluster.DriverSecrets or cluster.DriverConfigMaps; driverNone if there are none.
	Driver string
	// Owner is the GitOps controller that owns the release, as its envproxy Deployment says.
	Owner gitops.Owner
	// Deployment is the name of the envproxy Deployment; empty if there is none.
	Deployment string
	// Objects are those in the manifest of Revision, in its order, without hooks.
	Objects []ObjectRef
	// RecordMissing is set when the release was uninstalled: no deployed record can be read, but there is a backup. Of a
	// rendered release, an object is gone.
	RecordMissing bool
	// Backup is the name of the backup, if RecordMissing.
	Backup string
	// Ledger is the journal's entry for the release; nil if none. It vouches for the backup.
	Ledger *journal.Ledger
}

// String returns "namespace/name".
func (r Release) String() string { return r.Namespace + "/" + r.Name }

// ObjectRef identifies an object.
type ObjectRef struct {
	// APIVersion is "group/version", or the version alone for the core group.
	APIVersion string
	Kind       string
	// Namespace is the manifest's, else the release's. Cluster-wide objects have it too: a manifest does not mark them.
	Namespace string
	Name      string
}

// String returns "Kind/name".
func (o ObjectRef) String() string { return o.Kind + "/" + o.Name }

// same reports whether both identify one object, in whatever version of its API.
func (o ObjectRef) same(other ObjectRef) bool {
	return o.Kind == other.Kind && o.Namespace == other.Namespace && o.Name == other.Name
}

// recordName is Helm's name for a record (Helm v3, pkg/storage/storage.go).
func recordName(release string, revision int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", release, revision)
}

// Site is a provider's cluster, and the namespace in which the backups of its legacy release's records lie. Find finds
// the release itself, which may be in another namespace.
type Site struct {
	access  *cluster.Access
	backups string
	asked   *sync.Map // answers by questions, as func() (T, error), within one look; nil to request anew each time
}

// At returns the site whose backups lie in the namespace, without any request. Without a namespace, Find searches all
// for backups, and nothing can be written.
func At(access *cluster.Access, namespace string) Site {
	return Site{access: access, backups: namespace}
}

// Of returns the release at the site, to examine and change.
func (s Site) Of(release Release) Handle { return Handle{Release: release, Site: s} }

// Handle is a release at its site, as it was found. Its methods examine and change the release, and leave the handle.
type Handle struct {
	Release
	Site
}
