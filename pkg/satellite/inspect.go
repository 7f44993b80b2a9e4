package satellite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// Inspect examines the release and the objects of its chart. It takes six requests in parallel, one or two more if there
// is a release in any status, another if Service coderd has no load balancer, another if a Helm operation did not end, and those of
// gitops.LookAtSatellite. A missing namespace is an empty State. declared is the controller that is to own the release; the
// zero value if none is declared.
func (r Release) Inspect(ctx context.Context, declared gitops.Owner) (State, error) {
	var (
		state      State
		records    releaseRecords
		deployment *appsv1.Deployment
		pods       []corev1.Pod
		key        keyPair
	)
	o := r.objects()
	group, all := errgroup.WithContext(ctx)
	group.Go(func() (err error) { state.NamespacePhase, err = o.namespacePhase(all); return err })
	group.Go(func() (err error) { records, err = r.records(all); return err })
	group.Go(func() (err error) { deployment, err = o.deployment(all); return err })
	group.Go(func() (err error) { pods, err = o.pods(all); return err })
	group.Go(func() (err error) { state.LoadBalancer, state.AddressOf, err = o.exposure(all); return err })
	group.Go(func() (err error) { key, err = o.key(all); return err })
	if err := group.Wait(); err != nil {
		return State{}, err
	}
	owner := ownerOf(deployment, key, records)
	state.PublicKey, state.Fingerprint, state.Conflict = key.public, key.fingerprint, conflict(deployment, owner, r.namespace, r.name)
	state.Workload = deployment != nil && state.Conflict == ""
	if state.Conflict == "" {
		state.Control = gitops.LookAtSatellite(ctx, r.access.Dynamic(), cmp.Or(owner, declared), KeySecret, KeySecretField)
		state.Control.Declared = !owner.Exists() && declared.Exists()
	}
	if state.Workload && owner.Tool == gitops.ArgoCD {
		state.describeRendered(deployment)
	} else {
		records.describe(&state)
	}
	if state.Pending != nil {
		if err := r.readWriter(ctx, state.Pending); err != nil {
			return State{}, err
		}
	}
	if state.Installed && state.Conflict == "" {
		blocked := o.blocked(ctx, deployment, pods)
		if state.Ready = blocked == nil; !state.Ready {
			state.Blocker = blocked.Error()
		}
	}
	return state, nil
}

// ownerOf returns the controller whose marks the Deployment bears or, if there is none, the Secret with the key, or the
// objects in Helm's record, also one of a first installation that failed: what a controller installs is never ours to install.
func ownerOf(deployment *appsv1.Deployment, key keyPair, records releaseRecords) (owner gitops.Owner) {
	if deployment != nil {
		return gitops.OwnerOf(deployment.Labels, deployment.Annotations)
	}
	record := cmp.Or(records.deployed, records.failed)
	if owner = key.owner; owner.Exists() || record == nil {
		return owner
	}
	objects, _ := objectsOf(record.Manifest) // Helm has already parsed it
	for _, object := range objects {
		owner = cmp.Or(owner, gitops.OwnerOf(object.GetLabels(), nil))
	}
	return owner
}

// conflict names the other release, or none, that the Deployment coderd belongs to.
func conflict(deployment *appsv1.Deployment, by gitops.Owner, namespace, release string) string {
	if deployment == nil {
		return ""
	}
	owner := deployment.Annotations["meta.helm.sh/release-name"]
	switch {
	case owner == release, owner == "" && by.Tool == gitops.ArgoCD && environment(deployment)[envAccess] != "":
		return ""
	case owner == "" && by.Exists():
		owner = by.String() + ", which is no satellite"
	case owner == "":
		owner = "nobody's Helm release"
	default:
		owner = "the Helm release " + owner
	}
	return fmt.Sprintf("namespace %q already has a Deployment %s of %s, and two Coder deployments cannot share a namespace", namespace, Workload, owner)
}

// MissingSecrets returns the Secrets that the values name and the namespace lacks, sorted. It reads only metadata.
func (r Release) MissingSecrets(ctx context.Context, values map[string]any) ([]string, error) {
	names := namedSecrets(values)
	missing := make([]string, len(names))
	group, ctx := errgroup.WithContext(ctx)
	secrets := r.access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(r.namespace)
	for i, name := range names {
		group.Go(func() error {
			_, err := secrets.Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				missing[i], err = name, nil
			}
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(missing, func(name string) bool { return name == "" }), err
}
