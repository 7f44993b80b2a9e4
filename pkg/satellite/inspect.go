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

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Inspect looks at a satellite's release and at the objects that its chart
// makes. It takes six requests in parallel and, if there is a release, one or two
// more; another if Service coderd has no load balancer, and another if a Helm
// operation did not end. A namespace that does not exist is an empty State.
func Inspect(ctx context.Context, access *cluster.Access, namespace, release string) (State, error) {
	var (
		state      State
		deployment *appsv1.Deployment
		pods       []corev1.Pod
		key        keyPair
		client     = access.Clientset()
	)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found, err := client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		switch {
		case err == nil:
			state.NamespacePhase = string(found.Status.Phase)
		case apierrors.IsForbidden(err):
			state.NamespacePhase = string(corev1.NamespaceActive) // nothing says otherwise
		}
		return absent(err)
	})
	var records releaseRecords
	group.Go(func() (err error) {
		records, err = readRecords(ctx, access, namespace, release)
		return err
	})
	group.Go(func() (err error) {
		deployment, err = client.AppsV1().Deployments(namespace).Get(ctx, workloadName, metav1.GetOptions{})
		if err != nil {
			deployment = nil
		}
		return absent(err)
	})
	group.Go(func() error {
		list, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "coder.deployment=" + workloadName})
		if err == nil {
			pods = list.Items
		}
		return absent(err)
	})
	group.Go(func() (err error) {
		state.LoadBalancer, state.AddressOf, err = exposure(ctx, client, namespace)
		return err
	})
	group.Go(func() (err error) {
		key, err = readKey(ctx, client, namespace)
		return err
	})
	if err := group.Wait(); err != nil {
		return State{}, err
	}

	records.describe(&state)
	if state.Pending != nil {
		if err := state.Pending.readWriter(ctx, access, namespace, release); err != nil {
			return State{}, err
		}
	}
	state.PublicKey, state.Fingerprint = key.public, key.fingerprint
	state.Conflict = conflict(deployment, namespace, release)
	if state.Installed && state.Conflict == "" {
		blocker := blockerOf(deployment, pods)
		state.Ready = blocker == nil
		if blocker != nil {
			blocker.LastEvent = lastEvent(ctx, client, namespace, blocker.Object)
			state.Blocker = blocker.Error()
		}
	}
	return state, nil
}

// absent turns "does not exist" into no error.
func absent(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && isNamespaceRead(err) {
		return nil
	}
	return err
}

// isNamespaceRead reports whether err is about reading a namespace, which
// operators with rights in one namespace alone may not.
func isNamespaceRead(err error) bool {
	status, ok := err.(apierrors.APIStatus)
	return ok && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
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
	return fmt.Sprintf("namespace %q already has a Deployment %s of %s, and two Coder deployments cannot share a namespace", namespace, workloadName, owner)
}

// MissingSecrets returns those Secrets that the values name and the namespace
// lacks, sorted. Only metadata is read.
func MissingSecrets(ctx context.Context, access *cluster.Access, namespace string, values map[string]any) ([]string, error) {
	names := namedSecrets(values)
	found := make([]bool, len(names))
	group, ctx := errgroup.WithContext(ctx)
	secrets := access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace)
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
