package legacy

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"

// Site is where a provider's legacy release is: its cluster, and the namespace
// in which the backups of the release's records lie. The release itself may be in
// another namespace, which Find finds.
type Site struct {
	access  *cluster.Access
	backups string
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
func (h Handle) store() store {
	return store{access: h.access, driver: h.Driver, namespace: h.Namespace}
}
