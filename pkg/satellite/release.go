// Package satellite installs, upgrades, examines and uninstalls a satellite's Helm release (chart coder/coder in
// satellite mode) with the Helm SDK. What it reports never holds the data of a Secret, or the satellite's private key.
package satellite

import (
	"context"
	"fmt"
	"strconv"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Release is a satellite's Helm release at its site, installed or not.
type Release struct {
	access          *cluster.Access
	namespace, name string
}

// At returns the release of that name in the cluster's namespace, without any request.
func At(access *cluster.Access, namespace, release string) Release {
	return Release{access: access, namespace: namespace, name: release}
}

// String returns "namespace/name".
func (r Release) String() string { return r.namespace + "/" + r.name }

func (r Release) helm() *action.Configuration { return r.access.Helm(r.namespace) }

// explain says what failed, and puts connection errors in plain words.
func (r Release) explain(err error, format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), cluster.Explain(err, r.access.Context))
}

func (r Release) objects() objects {
	return objects{client: r.access.Clientset(), namespace: r.namespace}
}

// releaseRecords are the revisions of a release; only the deployed one is read whole.
type releaseRecords struct {
	last       int
	lastStatus string
	deployed   *release.Release // nil if none is
	failed     *release.Release // the last, if none is deployed; nil without any
}

func (r Release) revision(number int) (*release.Release, error) {
	found, err := r.helm().Releases.Get(r.name, number)
	if err != nil {
		return nil, fmt.Errorf("revision %d of release %s cannot be read: %w", number, r, err)
	}
	return found, nil
}

// records lists the revisions by their labels and reads the deployed one alone: clusters may have many releases.
func (r Release) records(ctx context.Context) (found releaseRecords, err error) {
	list, err := r.recordObjects().List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + r.name})
	if err != nil {
		return found, err
	}
	deployed := 0
	for _, item := range list.Items {
		number, err := strconv.Atoi(item.Labels["version"])
		if err != nil {
			return found, fmt.Errorf("release record %s/%s has no revision in its labels", r.namespace, item.Name)
		}
		status := item.Labels["status"]
		if number > found.last {
			found.last, found.lastStatus = number, status
		}
		if status == release.StatusDeployed.String() {
			deployed = max(deployed, number)
		}
	}
	if deployed > 0 {
		found.deployed, err = r.revision(deployed) // not the last: that may have failed
	} else if found.last > 0 {
		found.failed, err = r.revision(found.last)
	}
	return found, err
}

// recordObjects reads the metadata of the objects that hold Helm's records.
func (r Release) recordObjects() metadata.ResourceInterface {
	return r.access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource(r.access.Driver())).Namespace(r.namespace)
}

// describe adds what the records say of the release.
func (r releaseRecords) describe(state *State) {
	state.LastRevision, state.LastStatus, state.Pending = r.last, r.lastStatus, r.operation()
	if r.deployed == nil {
		return
	}
	state.Installed, state.Revision = true, r.deployed.Version
	state.Values = r.deployed.Config
	state.Kinds, _ = kindsOf(r.deployed.Manifest) // Helm has already parsed it
	if state.PublicKey == "" {
		_, key := recordedKey(r.deployed.Manifest)
		state.RecordedKey, state.RecordedFingerprint = key.public, key.fingerprint
	}
	if c := r.deployed.Chart; c != nil && c.Metadata != nil {
		state.ChartName, state.ChartVersion, state.AppVersion = c.Metadata.Name, c.Metadata.Version, c.Metadata.AppVersion
	}
}
