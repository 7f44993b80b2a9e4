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
	"k8s.io/client-go/metadata"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// recordKey is the entry that holds a record (Helm v3, pkg/storage/driver).
const recordKey = "release"

const recordType corev1.SecretType = "helm.sh/release.v1"

// store reads and writes the objects that hold Helm's records, without Helm, whose update writes a new object: it would
// drop the annotations, and could not refuse when somebody else wrote meanwhile.
type store struct {
	Site
	driver, namespace string
}

// revision is what the metadata of a record says.
type revision struct {
	object string
	number int
	status string
	// release is "namespace/name".
	release string
}

func (s store) objects() metadata.ResourceInterface {
	resource := cluster.DriverSecrets
	if s.driver == cluster.DriverConfigMaps {
		resource = cluster.DriverConfigMaps
	}
	return s.access.Metadata().Resource(corev1.SchemeGroupVersion.WithResource(resource)).Namespace(s.namespace)
}

// revisions lists the revisions of the releases, oldest first, without content; namespace "" lists all namespaces.
func (s store) revisions(ctx context.Context, releases ...string) ([]revision, error) {
	selector := fmt.Sprintf("owner=helm,name in (%s)", strings.Join(releases, ","))
	list, err := ask(s.asked, "records "+s.place(selector), func() (*metav1.PartialObjectMetadataList, error) {
		return s.objects().List(ctx, metav1.ListOptions{LabelSelector: selector})
	})
	if err != nil {
		return nil, fmt.Errorf("the Helm records (%s) %s cannot be listed: %w", s.driver, inNamespace(s.namespace), err)
	}
	var revisions []revision
	for _, item := range list.Items {
		number, err := strconv.Atoi(item.Labels["version"])
		if err != nil {
			continue // not one of Helm's
		}
		revisions = append(revisions, revision{
			object: item.Name, number: number, status: item.Labels["status"], release: item.Namespace + "/" + item.Labels["name"],
		})
	}
	slices.SortFunc(revisions, func(a, b revision) int { return a.number - b.number })
	return revisions, nil
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return "in all namespaces"
	}
	return "in namespace " + namespace
}

// place identifies a question at this store.
func (s store) place(what string) string { return s.driver + " " + s.namespace + " " + what }

// held reads a record. A damaged record is returned with the error.
func (s store) held(ctx context.Context, name string) (held, error) {
	return ask(s.asked, "record "+s.place(name), func() (held, error) {
		secret, err := s.get(ctx, name)
		if err != nil {
			return held{}, err
		}
		return decode(secret)
	})
}

// get reads the object of a record, a ConfigMap as the Secret that would hold the same.
func (s store) get(ctx context.Context, name string) (secret *corev1.Secret, err error) {
	if s.driver != cluster.DriverConfigMaps {
		secret, err = s.access.Clientset().CoreV1().Secrets(s.namespace).Get(ctx, name, metav1.GetOptions{})
		return secret, s.explain(err, name, "read")
	}
	found, err := s.access.Clientset().CoreV1().ConfigMaps(s.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, s.explain(err, name, "read")
	}
	return &corev1.Secret{ObjectMeta: found.ObjectMeta, Data: map[string][]byte{recordKey: []byte(found.Data[recordKey])}}, nil
}

// write creates the object of a record or, if it was read, updates it unless somebody else has since.
func (s store) write(ctx context.Context, secret *corev1.Secret) (err error) {
	if s.driver == cluster.DriverConfigMaps {
		configMap := &corev1.ConfigMap{ObjectMeta: secret.ObjectMeta, Data: map[string]string{recordKey: string(secret.Data[recordKey])}}
		err = write(ctx, s.access.Clientset().CoreV1().ConfigMaps(s.namespace), configMap)
	} else {
		err = write(ctx, s.access.Clientset().CoreV1().Secrets(s.namespace), secret)
	}
	if secret.ResourceVersion == "" {
		return s.explain(err, secret.Name, "created")
	}
	return s.explain(err, secret.Name, "updated")
}

func write[T metav1.Object](ctx context.Context, objects interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
}, object T,
) (err error) {
	if object.GetResourceVersion() == "" {
		_, err = objects.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
	} else {
		_, err = objects.Update(ctx, object, metav1.UpdateOptions{FieldManager: fieldManager})
	}
	return err
}

func (s store) delete(ctx context.Context, name string) error {
	err := s.objects().Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return s.explain(err, name, "deleted")
}

// errNoRecord means that the object of a record is gone.
var errNoRecord = errors.New("there is no such record")

func (s store) explain(err error, name, verb string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err) && verb != "created":
		return fmt.Errorf("the Helm record %s/%s cannot be %s, because it has been deleted (`helm uninstall`?): %w: %w",
			s.namespace, name, verb, errNoRecord, err)
	case apierrors.IsConflict(err):
		return fmt.Errorf("the Helm record %s/%s was changed by somebody else at the same moment (a `helm upgrade`?), nothing was written: "+
			"wait for them and try again: %w", s.namespace, name, err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the Helm record %s/%s may not be %s, nothing was changed: ask for the right to do so: %w", s.namespace, name, verb, err)
	default:
		return fmt.Errorf("the Helm record %s/%s cannot be %s: %w", s.namespace, name, verb, err)
	}
}
