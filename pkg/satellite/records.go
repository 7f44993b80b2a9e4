package satellite

import (
	"context"
	"fmt"
	"sort"
	"strconv"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// releaseRecords are the revisions of a release, of which only the deployed
// one is read whole.
type releaseRecords struct {
	last       int
	lastStatus string
	deployed   *release.Release // nil if none is
}

// readRecords lists the revisions by their labels (metadata alone) and then
// reads the deployed one. That it asks for no more keeps it fast in clusters
// with many releases.
func readRecords(ctx context.Context, access *cluster.Access, namespace, name string) (releaseRecords, error) {
	var found releaseRecords
	list, err := access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource(access.Driver())).Namespace(namespace).
		List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + name})
	if err != nil {
		return found, err
	}
	type revision struct {
		number int
		status string
	}
	var revisions []revision
	for _, item := range list.Items {
		number, err := strconv.Atoi(item.Labels["version"])
		if err != nil {
			return found, fmt.Errorf("release record %s/%s has no revision in its labels", namespace, item.Name)
		}
		revisions = append(revisions, revision{number, item.Labels["status"]})
	}
	sort.Slice(revisions, func(i, j int) bool { return revisions[i].number < revisions[j].number })
	deployed := 0
	for _, r := range revisions {
		found.last, found.lastStatus = r.number, r.status
		if r.status == release.StatusDeployed.String() {
			deployed = r.number
		}
	}
	if deployed == 0 {
		return found, nil
	}
	configuration, err := access.Helm(namespace, nil)
	if err != nil {
		return found, err
	}
	get := action.NewGet(configuration)
	get.Version = deployed // never "the last": that may have failed
	found.deployed, err = get.Run(name)
	if err != nil {
		return found, fmt.Errorf("revision %d of release %s/%s cannot be read: %w", deployed, namespace, name, err)
	}
	return found, nil
}

// describe fills in what the records say of the release.
func (r releaseRecords) describe(state *State) {
	state.LastRevision, state.LastStatus, state.Pending = r.last, r.lastStatus, r.operation()
	if r.deployed == nil {
		return
	}
	state.Installed, state.Revision = true, r.deployed.Version
	state.Values = r.deployed.Config
	state.Kinds, _ = kindsOf(r.deployed.Manifest) // Helm has read it as YAML before
	if c := r.deployed.Chart; c != nil && c.Metadata != nil {
		state.ChartName, state.ChartVersion, state.AppVersion = c.Metadata.Name, c.Metadata.Version, c.Metadata.AppVersion
	}
}
