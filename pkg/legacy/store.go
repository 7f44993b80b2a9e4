package legacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// recordKey is the entry that holds a record (Helm v3, pkg/storage/driver).
const recordKey = "release"

const recordType corev1.SecretType = "helm.sh/release.v1"

// revision is what the metadata of a record says.
type revision struct {
	driver, object, status string
	number                 int
	release                string // "namespace/name"
}

// resource is that of the objects that hold the driver's records.
func resource(driver string) schema.GroupVersionResource {
	if driver != cluster.DriverConfigMaps {
		driver = cluster.DriverSecrets
	}
	return corev1.SchemeGroupVersion.WithResource(driver)
}

// revisions lists the revisions of the releases, oldest first, without content; namespace "" lists all namespaces.
func (s Site) revisions(ctx context.Context, driver, namespace string, releases ...string) ([]revision, error) {
	selector := fmt.Sprintf("owner=helm,name in (%s)", strings.Join(releases, ","))
	items, err := s.list(ctx, resource(driver), namespace, selector, "Helm records ("+driver+")")
	if err != nil {
		return nil, err
	}
	var revisions []revision
	for _, item := range items {
		number, err := strconv.Atoi(item.Labels["version"])
		if err != nil {
			continue // not one of Helm's
		}
		revisions = append(revisions, revision{
			driver: driver, object: item.Name, number: number, status: item.Labels["status"], release: item.Namespace + "/" + item.Labels["name"],
		})
	}
	slices.SortFunc(revisions, func(a, b revision) int { return a.number - b.number })
	return revisions, nil
}

// list lists the metadata of objects, in words what; namespace "" lists those of all namespaces.
func (s Site) list(ctx context.Context, of schema.GroupVersionResource, namespace, selector, what string) ([]metav1.PartialObjectMetadata, error) {
	return ask(s.asked, fmt.Sprintf("list %s %s %s", of, namespace, selector), func() ([]metav1.PartialObjectMetadata, error) {
		list, err := s.access.Metadata().Resource(of).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return nil, fmt.Errorf("the %s %s cannot be listed: %w", what, inNamespace(namespace), err)
		}
		return list.Items, nil
	})
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return "in all namespaces"
	}
	return "in namespace " + namespace
}

// held reads a record of the release. A damaged record is returned with the error.
func (h Handle) held(ctx context.Context, name string) (held, error) {
	return ask(h.asked, fmt.Sprintf("record %s %s %s", h.Driver, h.Namespace, name), func() (held, error) {
		secret, err := h.get(ctx, name)
		if err != nil {
			return held{}, err
		}
		return decode(secret)
	})
}

// get reads the object of a record, a ConfigMap as the Secret that would hold the same.
func (h Handle) get(ctx context.Context, name string) (secret *corev1.Secret, err error) {
	if h.Driver != cluster.DriverConfigMaps {
		secret, err = h.access.Clientset().CoreV1().Secrets(h.Namespace).Get(ctx, name, metav1.GetOptions{})
		return secret, h.explain(err, name, "read")
	}
	found, err := h.access.Clientset().CoreV1().ConfigMaps(h.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, h.explain(err, name, "read")
	}
	return &corev1.Secret{ObjectMeta: found.ObjectMeta, Data: map[string][]byte{recordKey: []byte(found.Data[recordKey])}}, nil
}

// put creates the object of a record or, if it was read, updates it unless somebody else has since. It does so without
// Helm, whose update writes a new object: it would drop the annotations, and could not refuse.
func (h Handle) put(ctx context.Context, secret *corev1.Secret) error {
	var object runtime.Object = secret
	if h.Driver == cluster.DriverConfigMaps {
		object = &corev1.ConfigMap{ObjectMeta: secret.ObjectMeta, Data: map[string]string{recordKey: string(secret.Data[recordKey])}}
	}
	client, done := h.access.Clientset().CoreV1().RESTClient(), "created"
	request := client.Post()
	if secret.ResourceVersion != "" {
		request, done = client.Put().Name(secret.Name), "updated"
	}
	request = request.Namespace(h.Namespace).Resource(resource(h.Driver).Resource).Param("fieldManager", fieldManager)
	return h.explain(request.Body(object).Do(ctx).Error(), secret.Name, done)
}

func (h Handle) delete(ctx context.Context, name string) error {
	err := h.access.Metadata().Resource(resource(h.Driver)).Namespace(h.Namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return h.explain(err, name, "deleted")
}

// errNoRecord means that the object of a record is gone.
var errNoRecord = errors.New("there is no such record")

func (h Handle) explain(err error, name, verb string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err) && verb != "created":
		return fmt.Errorf("the Helm record %s/%s cannot be %s, because it has been deleted (`helm uninstall`?): %w: %w",
			h.Namespace, name, verb, errNoRecord, err)
	case apierrors.IsConflict(err):
		return fmt.Errorf("the Helm record %s/%s was changed by somebody else at the same moment (a `helm upgrade`?), nothing was written: "+
			"wait for them and try again: %w", h.Namespace, name, err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the Helm record %s/%s may not be %s, nothing was changed: ask for the right to do so: %w", h.Namespace, name, verb, err)
	default:
		return fmt.Errorf("the Helm record %s/%s cannot be %s: %w", h.Namespace, name, verb, err)
	}
}
