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

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// beginning is the region as the lab brought it up.
type beginning struct {
	record  *corev1.Secret
	objects map[string]*unstructured.Unstructured
}

// newWalker brings a lab with one region up, and remembers what it is.
func newWalker(ctx context.Context) (*walker, error) {
	lab, err := inlab.Up("--build-time", "100ms", "--primary-version", oldVersion, "--regions", "sydney")
	if err != nil {
		return nil, err
	}
	w := &walker{lab: lab, actions: map[string]int{}}
	if w.place, err = meddle.Open(lab, lab.Regions[0].Name); err != nil {
		return nil, errors.Join(err, lab.Down())
	}
	if err := w.remember(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *walker) close() error {
	w.place.Close()
	return w.lab.Down()
}

func (w *walker) remember(ctx context.Context) error {
	core := w.place.Direct.Clientset().CoreV1()
	records, err := core.Secrets(inlab.LegacyNamespace).List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil || len(records.Items) != 1 {
		return fmt.Errorf("there is not one legacy record: %w", err)
	}
	w.first = &beginning{record: &records.Items[0], objects: map[string]*unstructured.Unstructured{}}
	w.first.record.ObjectMeta = metav1.ObjectMeta{Name: w.first.record.Name, Labels: w.first.record.Labels}
	for _, name := range inlab.LegacyObjects() {
		object, err := w.place.LegacyObject(ctx, name)
		if err != nil {
			return err
		}
		w.first.objects[name] = bare(object)
	}
	for _, namespace := range []string{inlab.LegacyNamespace, inlab.SatelliteNamespace} {
		secret := "planted-in-" + namespace + "-nobody-may-see-it"
		_, err := core.Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "planted"}, StringData: map[string]string{"password": secret}}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		w.secrets = append(w.secrets, secret)
	}
	manager, err := os.ReadFile(w.lab.TokenFiles["manager"])
	if err != nil {
		return err
	}
	w.secrets = append(w.secrets, strings.TrimSpace(string(manager)), "envproxy-token-of-"+w.place.Name)
	return w.renewToken()
}

// bare is an object without what the API server gives it.
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

// reset makes the region what it was when the lab came up, whatever it is now.
func (w *walker) reset(ctx context.Context) error {
	w.model, w.diary = model{}, nil
	if err := errors.Join(w.resetPrimary(ctx), ignoreMissing(w.allow(ctx)), os.RemoveAll(w.lab.Path("evidence"))); err != nil {
		return err
	}
	if err := w.resetSatellite(ctx); err != nil {
		return err
	}
	if err := w.resetLegacy(ctx); err != nil {
		return err
	}
	return w.settle(ctx)
}

func (w *walker) resetPrimary(ctx context.Context) error {
	if err := errors.Join(w.lab.SetVersion(oldVersion), w.lab.ClearFaults(), w.failBuilds(""), w.renewToken(), w.rename(w.place.Name)); err != nil {
		return err
	}
	provider, err := w.provider()
	if err != nil {
		return err
	}
	state, err := w.lab.State()
	if err != nil {
		return err
	}
	errs := []error{w.setSwitch(provider, false)}
	for _, satellite := range state.Satellites {
		errs = append(errs, w.lab.Call(http.MethodDelete, "/api/private/satellites/"+satellite.ID, nil))
	}
	return errors.Join(append(errs, w.rebuildCanary(ctx))...)
}

// resetSatellite deletes what there is of the satellite, and of the plugin's notes.
func (w *walker) resetSatellite(ctx context.Context) error {
	client := w.place.Direct.Dynamic()
	stays := map[string]bool{"coder-satellite-tls": true, "planted": true, "kube-root-ca.crt": true}
	var errs []error
	for _, resource := range []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Version: "v1", Resource: "services"},
		{Version: "v1", Resource: "secrets"},
		{Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "events"},
		{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
	} {
		list, err := client.Resource(resource).Namespace(inlab.SatelliteNamespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, object := range list.Items {
			if !stays[object.GetName()] {
				errs = append(errs, ignoreMissing(client.Resource(resource).Namespace(inlab.SatelliteNamespace).Delete(ctx, object.GetName(), metav1.DeleteOptions{})))
			}
		}
	}
	err := w.place.Direct.Clientset().AppsV1().Deployments(rogueNamespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
	return errors.Join(append(errs, ignoreMissing(err))...)
}

// resetLegacy makes the legacy release anew from what it was.
func (w *walker) resetLegacy(ctx context.Context) error {
	secrets := w.place.Direct.Clientset().CoreV1().Secrets(inlab.LegacyNamespace)
	if err := secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"}); err != nil {
		return err
	}
	if _, err := secrets.Create(ctx, w.first.record, metav1.CreateOptions{}); err != nil {
		return err
	}
	for name, object := range w.first.objects {
		resource, objectName := meddle.LegacyResource(name)
		client := w.place.Direct.Dynamic().Resource(resource).Namespace(inlab.LegacyNamespace)
		if err := ignoreMissing(client.Delete(ctx, objectName, metav1.DeleteOptions{})); err != nil {
			return err
		}
		if _, err := client.Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// ignoreMissing drops an error that says that something is not there.
func ignoreMissing(err error) error {
	if apierrors.IsNotFound(err) || os.IsNotExist(err) {
		return nil
	}
	return err
}
