package satellite

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Inspect looks at the release and at the objects that its chart makes. It takes
// six requests in parallel and, if there is a release, one or two more; another if
// Service coderd has no load balancer, and another if a Helm operation did not end.
// A namespace that does not exist is an empty State.
func (r Release) Inspect(ctx context.Context) (State, error) {
	found, err := r.look(ctx)
	if err != nil {
		return State{}, err
	}
	state := State{
		NamespacePhase: found.phase, LoadBalancer: found.addresses, AddressOf: found.addressOf,
		PublicKey: found.key.public, Fingerprint: found.key.fingerprint, Conflict: conflict(found.deployment, r.namespace, r.name),
	}
	found.records.describe(&state)
	if state.Pending != nil {
		if err := r.readWriter(ctx, state.Pending); err != nil {
			return State{}, err
		}
	}
	if state.Installed && state.Conflict == "" {
		blocker := blockerOf(found.deployment, found.pods)
		state.Ready = blocker == nil
		if blocker != nil {
			blocker.LastEvent = r.objects().lastEvent(ctx, blocker.Object)
			state.Blocker = blocker.Error()
		}
	}
	return state, nil
}

// seen is what of a satellite is read in parallel.
type seen struct {
	phase      string
	records    releaseRecords
	deployment *appsv1.Deployment
	pods       []corev1.Pod
	key        keyPair
	addresses  []string
	addressOf  string
}

func (r Release) look(ctx context.Context) (found seen, err error) {
	o := r.objects()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { found.phase, err = o.namespacePhase(ctx); return err })
	group.Go(func() (err error) { found.records, err = r.records(ctx); return err })
	group.Go(func() (err error) { found.deployment, err = o.deployment(ctx); return err })
	group.Go(func() (err error) { found.pods, err = o.pods(ctx); return err })
	group.Go(func() (err error) { found.addresses, found.addressOf, err = o.exposure(ctx); return err })
	group.Go(func() (err error) { found.key, err = o.key(ctx); return err })
	err = group.Wait()
	return found, err
}

// conflict says which other release, or none, the Deployment coderd belongs to.
func conflict(deployment *appsv1.Deployment, namespace, release string) string {
	if deployment == nil {
		return ""
	}
	owner := deployment.Annotations["meta.helm.sh/release-name"]
	if owner == release {
		return ""
	}
	if owner == "" {
		owner = "nobody's Helm release"
	} else {
		owner = "the Helm release " + owner
	}
	return fmt.Sprintf("namespace %q already has a Deployment %s of %s, and two Coder deployments cannot share a namespace",
		namespace, workloadName, owner)
}

// MissingSecrets returns those Secrets that the values name and the namespace
// lacks, sorted. Only metadata is read.
func (r Release) MissingSecrets(ctx context.Context, values map[string]any) ([]string, error) {
	names := namedSecrets(values)
	found := make([]bool, len(names))
	group, ctx := errgroup.WithContext(ctx)
	secrets := r.access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(r.namespace)
	for i, name := range names {
		group.Go(func() error {
			_, err := secrets.Get(ctx, name, metav1.GetOptions{})
			found[i] = err == nil
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	i := -1
	return slices.DeleteFunc(names, func(string) bool { i++; return found[i] }), nil
}
