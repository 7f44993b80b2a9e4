package legacy

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Release is a legacy release: a Helm release of chart workspace-provider. It
// holds no secrets.
type Release struct {
	// Context is the kubeconfig context of its cluster; Namespace and Name identify it there.
	Context, Namespace, Name string
	// Revision is the deployed revision or, if RecordMissing, the one backed up.
	Revision int
	// LatestRevision is the highest revision that has a record. It differs from
	// Revision after an upgrade that failed or was interrupted.
	LatestRevision int
	// Status is Helm's status of the latest revision, "deployed" if all is well;
	// empty if there is no record.
	Status string
	// ChartName and ChartVersion are of the chart of Revision.
	ChartName, ChartVersion string
	// AccessURL is envproxy's, as the release's values have it; empty if they do not.
	AccessURL string
	// Driver is where the records are: cluster.DriverSecrets or cluster.DriverConfigMaps.
	Driver string
	// Deployment is the name of the envproxy Deployment; empty if there is none.
	Deployment string
	// Objects are the objects in the manifest of Revision, in its order. Hooks are not among them.
	Objects []ObjectRef
	// RecordMissing is set when the release was uninstalled, except what was
	// retained: there is no record of a deployed revision that can be read, but
	// a backup of one.
	RecordMissing bool
	// Backup is the name of the backup, if RecordMissing.
	Backup string
	// Ledger is the journal's entry for the release; nil if it has none. A backup
	// counts for what the ledger says that it is, not for what it says of itself.
	Ledger *journal.Ledger
}

// String returns "namespace/name".
func (r Release) String() string { return r.Namespace + "/" + r.Name }

// ObjectRef names an object.
type ObjectRef struct {
	// APIVersion is "group/version", or the version alone for the core group.
	APIVersion string
	Kind       string
	// Namespace is the manifest's, else the release's; objects of the cluster
	// have it too, because a manifest does not tell which they are.
	Namespace string
	Name      string
}

// String returns "Kind/name".
func (o ObjectRef) String() string { return o.Kind + "/" + o.Name }

// same reports whether both name one object, in whatever version of its API.
func (o ObjectRef) same(other ObjectRef) bool {
	return o.Kind == other.Kind && o.Namespace == other.Namespace && o.Name == other.Name
}

// recordName is the name that Helm gives to a record (Helm v3, pkg/storage/storage.go).
func recordName(release string, revision int) string {
	return fmt.Sprintf("sh.helm.release.v1.%s.v%d", release, revision)
}

// Site is where a provider's legacy release is: its cluster, and the namespace
// in which the backups of the release's records lie. The release itself may be in
// another namespace, which Find finds.
type Site struct {
	access  *cluster.Access
	backups string
	asked   *asked // nil to ask anew each time
}

// At returns the site in the cluster whose backups lie in the namespace. It makes
// no request. Without a namespace Find looks for backups in all, and nothing can
// be written.
func At(access *cluster.Access, namespace string) Site {
	return Site{access: access, backups: namespace}
}

// Of returns the release with what it takes to examine and to change it.
func (s Site) Of(release Release) Handle { return Handle{Release: release, Site: s} }

// Handle is a release at its site, as it was found. Its methods examine and
// change it; what they find is not noted in it.
type Handle struct {
	Release
	Site
}

// store returns the store of the release's records.
func (h Handle) store() store { return h.Site.store(h.Driver, h.Namespace) }

func (s Site) store(driver, namespace string) store {
	return store{Site: s, driver: driver, namespace: namespace}
}
