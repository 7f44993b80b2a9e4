package walk

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// action is something that the world does to a provider or its satellite. It returns a
// description.
type action func(ctx context.Context, w *walker, v *view, s step) (did string, err error)

// worldly lists the world's actions in a region of the shape by name, with their weights.
func (in shape) worldly() []weighted[string] {
	var list []weighted[string]
	for _, a := range in.actions() {
		list = append(list, weighted[string]{a.name, a.weight})
	}
	return list
}

type named struct {
	name   string
	weight int
	do     action
}

func (in shape) actions() []named {
	list := slices.Concat(satelliteActions(), legacyActions(), primaryActions(), policyActions())
	if in.flux {
		list = append(list, fluxActions()...)
	}
	return list
}

// act does one of the world's actions. An action that fails is skipped: the world has no plan.
func (w *walker) act(ctx context.Context, name string, s step) string {
	for _, a := range w.in.actions() {
		if a.name == name {
			did, err := a.do(ctx, w, w.seen(s), s)
			if err != nil {
				return "nothing, because of: " + err.Error()
			}
			return did
		}
	}
	return "nothing: there is no such action"
}

// nothing is returned if there is no object for an action.
func nothing(format string, args ...any) (string, error) {
	return "", fmt.Errorf(format, args...)
}

// chosen returns the element that a step selects.
func chosen[T any](s step, list []T) T { return list[s.pick%len(list)] }

// patch changes a Deployment without the plugin.
func patch(ctx context.Context, access *cluster.Access, namespace, name, patch string) error {
	_, err := access.Clientset().AppsV1().Deployments(namespace).Patch(ctx, name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// asked reports whether a Deployment requests pods that can run. access is nil if there is no
// such cluster.
func asked(ctx context.Context, access *cluster.Access, namespace, name string) (bool, error) {
	if access == nil {
		return false, nil
	}
	list, err := access.Clientset().AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(list.Items) == 0 {
		return false, err
	}
	deployment := list.Items[0]
	container := deployment.Spec.Template.Spec.Containers[0]
	services, err := access.Clientset().CoreV1().Services(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		return false, err
	}
	return *deployment.Spec.Replicas > 0 && container.Image != missingImage && len(services.Items) > 0, nil
}

// missingImage is an image that the lab's node cannot pull.
const missingImage = "coder-missing:1"

// scaleTo is a patch of a Deployment.
func scaleTo(replicas int) string { return fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas) }

func scaleSatellite(replicas int) action {
	return ofSatellite(func(ctx context.Context, _ *walker, access *cluster.Access, _ step) (string, error) {
		return fmt.Sprintf("it has %d replicas", replicas), patch(ctx, access, inlab.SatelliteNamespace, "coderd", scaleTo(replicas))
	})
}

// ofSatellite makes an action on the satellite's cluster. In a region without a satellite it does
// nothing.
func ofSatellite(do func(context.Context, *walker, *cluster.Access, step) (string, error)) action {
	return func(ctx context.Context, w *walker, v *view, s step) (string, error) {
		if v.Satellite == nil {
			return nothing("there is no satellite")
		}
		return do(ctx, w, v.Satellite, s)
	}
}

// breakSatellite gives the satellite an image that cannot be pulled, and makes sure that no old
// pod still serves.
func breakSatellite(ctx context.Context, w *walker, access *cluster.Access, _ step) (string, error) {
	deployment, err := access.Clientset().AppsV1().Deployments(inlab.SatelliteNamespace).Get(ctx, "coderd", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	if image := deployment.Spec.Template.Spec.Containers[0].Image; image != missingImage {
		w.image = image
	}
	return "coderd's image is missing", setImage(ctx, access, missingImage)
}

func setImage(ctx context.Context, access *cluster.Access, image string) error {
	return patch(ctx, access, inlab.SatelliteNamespace, "coderd", fmt.Sprintf(
		`{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"spec":{"containers":[{"name":"coderd","image":%q}]}}}}`, image))
}

// mendSatellite undoes the world's changes to the satellite's Deployment, if they are still
// there. The plugin cannot detect them: the Helm release has the right content, but its pods
// cannot run.
func (w *walker) mendSatellite(ctx context.Context) error {
	access := w.views[0].Satellite
	if access == nil {
		return nil
	}
	deployment, err := scaledUp(ctx, access, inlab.SatelliteNamespace, "coderd")
	if err != nil || deployment == nil || deployment.Spec.Template.Spec.Containers[0].Image != missingImage {
		return err
	}
	return setImage(ctx, access, w.image)
}

// mendLegacy does the same for envproxy.
func (v *view) mendLegacy(ctx context.Context) error {
	_, err := scaledUp(ctx, v.Direct, v.Namespace, "envproxy")
	return err
}

// scaledUp scales up a Deployment without replicas, and returns it; nil if there is none.
func scaledUp(ctx context.Context, access *cluster.Access, namespace, name string) (*appsv1.Deployment, error) {
	deployment, err := access.Clientset().AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case err != nil:
		return nil, ignoreMissing(err)
	case *deployment.Spec.Replicas == 0:
		return deployment, patch(ctx, access, namespace, name, scaleTo(1))
	}
	return deployment, nil
}

// helm runs another user's Helm on a context's cluster.
func (w *walker) helm(ctx context.Context, context string, args ...string) (string, error) {
	done := w.lab.Helm(ctx, context, args...)
	if done.Code != 0 {
		return "", fmt.Errorf("helm %v: %s", args, lastLines(done.Stderr, 1))
	}
	return fmt.Sprintf("helm %v", args), nil
}

// satelliteRelease is the name of the satellite's release.
const satelliteRelease = "coder-satellite"

func satelliteActions() []named {
	helm := func(args ...string) action {
		return ofSatellite(func(ctx context.Context, w *walker, _ *cluster.Access, _ step) (string, error) {
			return w.helm(ctx, w.lab.Region(w.place.Name).Context, append(args, "--namespace", inlab.SatelliteNamespace)...)
		})
	}
	core := func(did string, do func(context.Context, typedcorev1.CoreV1Interface) error) action {
		return ofSatellite(func(ctx context.Context, _ *walker, access *cluster.Access, _ step) (string, error) {
			return did, do(ctx, access.Clientset().CoreV1())
		})
	}
	return []named{
		{"the satellite is scaled down", 5, scaleSatellite(0)},
		{"the satellite is scaled up", 3, scaleSatellite(1)},
		{"the satellite's pods fail", 4, ofSatellite(breakSatellite)},
		{"helm uninstall of the satellite", 4, helm("uninstall", satelliteRelease)},
		{"helm rollback of the satellite", 2, helm("rollback", satelliteRelease)},
		{"a satellite's record is marked", 5, ofSatellite(func(ctx context.Context, _ *walker, access *cluster.Access, s step) (string, error) {
			return markRecord(ctx, access, inlab.SatelliteNamespace, satelliteRelease, s)
		})},
		{"the satellite's records are deleted", 1, ofSatellite(func(ctx context.Context, _ *walker, access *cluster.Access, _ step) (string, error) {
			return "they are gone", deleteRecords(ctx, access, inlab.SatelliteNamespace, satelliteRelease)
		})},
		{"the satellite's key is deleted", 1, core("the Secret coder-replica-private-key is gone", func(ctx context.Context, core typedcorev1.CoreV1Interface) error {
			return core.Secrets(inlab.SatelliteNamespace).Delete(ctx, "coder-replica-private-key", metav1.DeleteOptions{})
		})},
		{"the satellite's journal is deleted", 3, core("the journal is gone", func(ctx context.Context, core typedcorev1.CoreV1Interface) error {
			return core.ConfigMaps(inlab.SatelliteNamespace).Delete(ctx, inlab.SatelliteJournal, metav1.DeleteOptions{})
		})},
		{"the provider's journal is deleted", 5, func(ctx context.Context, _ *walker, v *view, _ step) (string, error) {
			id, err := v.ID()
			if err != nil {
				return "", err
			}
			return "the journal is gone", v.Direct.Clientset().CoreV1().ConfigMaps(v.Namespace).Delete(ctx, inlab.ProviderJournal(id), metav1.DeleteOptions{})
		}},
		{"a backup is deleted", 3, deleteBackups(false)},
		{"all backups are deleted", 2, deleteBackups(true)},
	}
}

func deleteBackups(all bool) action {
	return func(ctx context.Context, _ *walker, v *view, s step) (string, error) {
		secrets := v.Direct.Clientset().CoreV1().Secrets(v.Namespace)
		list, err := secrets.List(ctx, metav1.ListOptions{LabelSelector: "coder-satellite.dev/backup"})
		if err != nil {
			return "", err
		}
		if len(list.Items) == 0 {
			return nothing("there is no backup")
		}
		if !all {
			name := chosen(s, list.Items).Name
			return name + " is gone", secrets.Delete(ctx, name, metav1.DeleteOptions{})
		}
		for _, secret := range list.Items {
			if err := secrets.Delete(ctx, secret.Name, metav1.DeleteOptions{}); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%d backups are gone", len(list.Items)), nil
	}
}
