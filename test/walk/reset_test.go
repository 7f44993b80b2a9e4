package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// beginning is a provider's original legacy release.
type beginning struct {
	record  *corev1.Secret
	objects map[string]*unstructured.Unstructured
}

// newWalker brings up a lab of one region, and records its original state.
func newWalker(ctx context.Context, in shape) (*walker, error) {
	lab, err := inlab.Up(append([]string{"--build-time", "100ms", "--primary-version", oldVersion}, in.lab...)...)
	if err != nil {
		return nil, err
	}
	w := &walker{lab: lab, in: in, actions: map[string]int{}}
	if w.place, err = meddle.Open(lab, lab.Regions[0].Name); err != nil {
		return nil, errors.Join(err, lab.Down())
	}
	if in.flux {
		err = installFlux(ctx, lab, w.place.Views[0])
	}
	if err = errors.Join(err, w.remember(ctx)); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *walker) close() error {
	w.place.Close()
	return w.lab.Down()
}

func (w *walker) remember(ctx context.Context) error {
	for _, seen := range w.place.Views {
		v := &view{View: seen}
		if err := v.remember(ctx); err != nil {
			return err
		}
		if err := w.plant(ctx, v.Direct, v.Namespace); err != nil {
			return err
		}
		w.views, w.secrets = append(w.views, v), append(w.secrets, "envproxy-token-of-"+v.Name)
	}
	if satellite := w.views[0].Satellite; satellite != nil {
		if err := w.plant(ctx, satellite, inlab.SatelliteNamespace); err != nil {
			return err
		}
	}
	manager, err := os.ReadFile(w.lab.TokenFiles["manager"])
	if err != nil {
		return err
	}
	w.secrets = append(w.secrets, strings.TrimSpace(string(manager)))
	return w.renewToken()
}

// remember records the legacy release's present state.
func (v *view) remember(ctx context.Context) error {
	if v.BuiltIn {
		return nil
	}
	records, err := v.Direct.Clientset().CoreV1().Secrets(v.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil || len(records.Items) != 1 {
		return fmt.Errorf("there is not one legacy record: %w", err)
	}
	v.first = &beginning{record: &records.Items[0], objects: map[string]*unstructured.Unstructured{}}
	v.first.record.ObjectMeta = metav1.ObjectMeta{Name: v.first.record.Name, Labels: v.first.record.Labels}
	for _, name := range inlab.LegacyObjects() {
		object, err := v.LegacyObject(ctx, name)
		if err != nil {
			return err
		}
		v.first.objects[name] = bare(object)
	}
	return nil
}

// plant creates a Secret whose content must never be shown.
func (w *walker) plant(ctx context.Context, access *cluster.Access, namespace string) error {
	secret := "planted-in-" + namespace + "-nobody-may-see-it"
	w.secrets = append(w.secrets, secret)
	_, err := access.Clientset().CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "planted"}, StringData: map[string]string{"password": secret},
	}, metav1.CreateOptions{})
	return err
}

// bare copies an object without the fields that the API server sets.
func bare(object *unstructured.Unstructured) *unstructured.Unstructured {
	copied := object.DeepCopy()
	delete(copied.Object, "status")
	for _, field := range []string{"resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink"} {
		unstructured.RemoveNestedField(copied.Object, "metadata", field)
	}
	for _, field := range []string{"clusterIP", "clusterIPs", "healthCheckNodePort"} {
		unstructured.RemoveNestedField(copied.Object, "spec", field)
	}
	return copied
}

// reset restores the region's original state from any other.
func (w *walker) reset(ctx context.Context) error {
	w.diary = nil
	if err := errors.Join(w.resetPrimary(), os.RemoveAll(w.lab.Path("evidence"))); err != nil {
		return err
	}
	for _, v := range w.views {
		v.model = model{}
		if err := errors.Join(v.resetAtPrimary(ctx), ignoreMissing(v.allow(ctx))); err != nil {
			return err
		}
	}
	if w.in.flux {
		if err := w.suspend(ctx, w.views[0], false); err != nil {
			return err
		}
	}
	if satellite := w.views[0].Satellite; satellite != nil {
		if err := wipe(ctx, satellite, inlab.SatelliteNamespace, "deployments", "services", "secrets", "configmaps", "events", "leases"); err != nil {
			return err
		}
	}
	for _, v := range w.views {
		if err := v.resetCluster(ctx); err != nil {
			return err
		}
	}
	return w.settle(ctx)
}

func (w *walker) resetPrimary() error {
	if err := errors.Join(w.lab.SetVersion(oldVersion), w.lab.ClearFaults(), w.renewToken()); err != nil {
		return err
	}
	state, err := w.lab.State()
	if err != nil {
		return err
	}
	var errs []error
	for _, satellite := range state.Satellites {
		errs = append(errs, w.lab.Call(http.MethodDelete, "/api/private/satellites/"+satellite.ID, nil))
	}
	return errors.Join(errs...)
}

// resetAtPrimary restores the provider and its canary.
func (v *view) resetAtPrimary(ctx context.Context) error {
	return errors.Join(v.failBuilds(""), v.rename(v.Name), v.set(false), v.rebuildCanary(ctx))
}

// wipe deletes these resources in a namespace, except the lab's own.
func wipe(ctx context.Context, access *cluster.Access, namespace string, names ...string) error {
	stays := map[string]bool{"coder-satellite-tls": true, "planted": true, "kube-root-ca.crt": true}
	groups := map[string]string{"deployments": "apps", "leases": "coordination.k8s.io"}
	var errs []error
	for _, name := range names {
		resource := schema.GroupVersionResource{Group: groups[name], Version: "v1", Resource: name}
		client := access.Dynamic().Resource(resource).Namespace(namespace)
		list, err := client.List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, object := range list.Items {
			if !stays[object.GetName()] {
				errs = append(errs, ignoreMissing(client.Delete(ctx, object.GetName(), metav1.DeleteOptions{})))
			}
		}
	}
	return errors.Join(errs...)
}

// resetCluster recreates the provider's original legacy release, and removes the objects that the
// plugin and others added.
func (v *view) resetCluster(ctx context.Context) error {
	err := v.Direct.Clientset().AppsV1().Deployments(rogueNamespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
	if err := errors.Join(ignoreMissing(err), wipe(ctx, v.Direct, v.Namespace, "configmaps", "events", "leases")); err != nil || v.BuiltIn {
		return err
	}
	if err := wipe(ctx, v.Direct, v.Namespace, "secrets"); err != nil {
		return err
	}
	if _, err := v.Direct.Clientset().CoreV1().Secrets(v.Namespace).Create(ctx, v.first.record, metav1.CreateOptions{}); err != nil {
		return err
	}
	for name, object := range v.first.objects {
		resource, objectName := meddle.LegacyResource(name)
		client := v.Direct.Dynamic().Resource(resource).Namespace(v.Namespace)
		if err := ignoreMissing(client.Delete(ctx, objectName, metav1.DeleteOptions{})); err != nil {
			return err
		}
		if _, err := client.Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// ignoreMissing drops an error if it means that something does not exist.
func ignoreMissing(err error) error {
	if apierrors.IsNotFound(err) || os.IsNotExist(err) {
		return nil
	}
	return err
}
