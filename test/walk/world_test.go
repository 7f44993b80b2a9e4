package walk

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// action is something that the world does; it returns what it did, in words.
type action func(ctx context.Context, w *walker, s step) (did string, err error)

// worldly are the world's actions, by their names.
func worldly() []weighted[string] {
	var list []weighted[string]
	for _, a := range actions() {
		list = append(list, weighted[string]{a.name, a.weight})
	}
	return list
}

type named struct {
	name   string
	weight int
	do     action
}

func actions() []named {
	return slices.Concat(satelliteActions(), legacyActions(), primaryActions(), policyActions())
}

// act does one of the world's actions. What it cannot do, it leaves: the world
// has no plan either.
func (w *walker) act(ctx context.Context, name string, s step) string {
	for _, a := range actions() {
		if a.name == name {
			did, err := a.do(ctx, w, s)
			if err != nil {
				return "nothing, because of: " + err.Error()
			}
			return did
		}
	}
	return "nothing: there is no such action"
}

// nothing is done because there is nothing to do it to.
func nothing(format string, args ...any) (string, error) {
	return "", fmt.Errorf(format, args...)
}

// chosen is what a step picks from a list.
func chosen[T any](s step, list []T) T { return list[s.pick%len(list)] }

// patch changes a Deployment behind everybody's back.
func (w *walker) patch(ctx context.Context, namespace, name, patch string) error {
	_, err := w.place.Direct.Clientset().AppsV1().Deployments(namespace).Patch(ctx, name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// asked tells whether a Deployment asks for pods that can run.
func (w *walker) asked(ctx context.Context, namespace, name string) (bool, error) {
	list, err := w.place.Direct.Clientset().AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(list.Items) == 0 {
		return false, err
	}
	deployment := list.Items[0]
	container := deployment.Spec.Template.Spec.Containers[0]
	services, err := w.place.Direct.Clientset().CoreV1().Services(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		return false, err
	}
	return *deployment.Spec.Replicas > 0 && container.Image != missingImage && len(services.Items) > 0, nil
}

// missingImage is one that the lab's node cannot pull.
const missingImage = "coder-missing:1"

func scale(namespace, name string, replicas int) action {
	return func(ctx context.Context, w *walker, _ step) (string, error) {
		return fmt.Sprintf("%s has %d replicas", name, replicas), w.patch(ctx, namespace, name, fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas))
	}
}

// breakSatellite gives the satellite an image that cannot be pulled, and no old
// pod that serves on.
func breakSatellite(ctx context.Context, w *walker, _ step) (string, error) {
	deployment, err := w.place.Direct.Clientset().AppsV1().Deployments(inlab.SatelliteNamespace).Get(ctx, "coderd", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	if image := deployment.Spec.Template.Spec.Containers[0].Image; image != missingImage {
		w.image = image
	}
	return "coderd's image is missing", w.setImage(ctx, missingImage)
}

func (w *walker) setImage(ctx context.Context, image string) error {
	return w.patch(ctx, inlab.SatelliteNamespace, "coderd", fmt.Sprintf(
		`{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"spec":{"containers":[{"name":"coderd","image":%q}]}}}}`, image))
}

// mend ends what the world did to Deployments, if that is how they are still:
// whose pods cannot run is nothing that a Helm release with the right content tells.
func (w *walker) mend(ctx context.Context) error {
	for namespace, name := range map[string]string{inlab.SatelliteNamespace: "coderd", inlab.LegacyNamespace: "envproxy"} {
		deployment, err := w.place.Direct.Clientset().AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			if ignoreMissing(err) != nil {
				return err
			}
			continue
		}
		if *deployment.Spec.Replicas == 0 {
			if err := w.patch(ctx, namespace, name, `{"spec":{"replicas":1}}`); err != nil {
				return err
			}
		}
		if deployment.Spec.Template.Spec.Containers[0].Image == missingImage {
			if err := w.setImage(ctx, w.image); err != nil {
				return err
			}
		}
	}
	return nil
}

// helm runs somebody else's Helm.
func (w *walker) helm(ctx context.Context, args ...string) (string, error) {
	done := w.lab.Helm(ctx, w.place.Name, args...)
	if done.Code != 0 {
		return "", fmt.Errorf("helm %v: %s", args, lastLines(done.Stderr, 1))
	}
	return fmt.Sprintf("helm %v", args), nil
}

// satelliteRelease is the release's name.
const satelliteRelease = "coder-satellite"

func satelliteActions() []named {
	helm := func(args ...string) action {
		return func(ctx context.Context, w *walker, _ step) (string, error) {
			return w.helm(ctx, append(args, "--namespace", inlab.SatelliteNamespace)...)
		}
	}
	return []named{
		{"the satellite is scaled down", 5, scale(inlab.SatelliteNamespace, "coderd", 0)},
		{"the satellite is scaled up", 3, scale(inlab.SatelliteNamespace, "coderd", 1)},
		{"the satellite's pods fail", 4, breakSatellite},
		{"helm uninstall of the satellite", 4, helm("uninstall", satelliteRelease)},
		{"helm rollback of the satellite", 2, helm("rollback", satelliteRelease)},
		{"a satellite's record is marked", 5, markRecord(inlab.SatelliteNamespace, satelliteRelease)},
		{"the satellite's records are deleted", 1, deleteRecords(inlab.SatelliteNamespace, satelliteRelease)},
		{"the satellite's key is deleted", 1, func(ctx context.Context, w *walker, _ step) (string, error) {
			return "the Secret coder-replica-private-key is gone", w.place.Direct.Clientset().CoreV1().Secrets(inlab.SatelliteNamespace).Delete(ctx, "coder-replica-private-key", metav1.DeleteOptions{})
		}},
		{"the satellite's journal is deleted", 3, func(ctx context.Context, w *walker, _ step) (string, error) {
			return "the journal is gone", w.place.Direct.Clientset().CoreV1().ConfigMaps(inlab.SatelliteNamespace).Delete(ctx, inlab.SatelliteJournal, metav1.DeleteOptions{})
		}},
		{"the provider's journal is deleted", 5, func(ctx context.Context, w *walker, _ step) (string, error) {
			id, err := w.place.ProviderID()
			if err != nil {
				return "", err
			}
			return "the journal is gone", w.place.Direct.Clientset().CoreV1().ConfigMaps(inlab.LegacyNamespace).Delete(ctx, inlab.ProviderJournal(id), metav1.DeleteOptions{})
		}},
		{"a backup is deleted", 3, deleteBackups(false)},
		{"all backups are deleted", 2, deleteBackups(true)},
	}
}

func deleteBackups(all bool) action {
	return func(ctx context.Context, w *walker, s step) (string, error) {
		secrets := w.place.Direct.Clientset().CoreV1().Secrets(inlab.LegacyNamespace)
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
