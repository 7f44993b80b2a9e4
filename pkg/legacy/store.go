package legacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// recordKey is the entry that holds a record (Helm v3, pkg/storage/driver).
const recordKey = "release"

// recordType is the type of Secrets that hold records.
const recordType corev1.SecretType = "helm.sh/release.v1"

// store reads and writes the objects that hold Helm's records, through the API
// and not through Helm, whose update writes a new object: it would drop the
// annotations and could not refuse when somebody else wrote meanwhile.
type store struct {
	access    *cluster.Access
	driver    string
	namespace string
}

// revision is what the metadata of a record says.
type revision struct {
	object string
	number int
	status string
	name   string // of the release
	space  string // its namespace
}

func (s store) resource() schema.GroupVersionResource {
	if s.driver == cluster.DriverConfigMaps {
		return corev1.SchemeGroupVersion.WithResource("configmaps")
	}
	return corev1.SchemeGroupVersion.WithResource("secrets")
}

// revisions lists the revisions, oldest first, without their content. The
// selector must say which release; namespace "" lists all namespaces.
func (s store) revisions(ctx context.Context, selector string) ([]revision, error) {
	records := s.access.Metadata().Resource(s.resource()).Namespace(s.namespace)
	list, err := records.List(ctx, metav1.ListOptions{LabelSelector: "owner=helm," + selector})
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
			object: item.Name, number: number, status: item.Labels["status"], name: item.Labels["name"], space: item.Namespace,
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

// holder is a Secret or ConfigMap that holds a record. Exactly one is set.
type holder struct {
	secret    *corev1.Secret
	configMap *corev1.ConfigMap
}

func (h holder) meta() *metav1.ObjectMeta {
	if h.configMap != nil {
		return &h.configMap.ObjectMeta
	}
	return &h.secret.ObjectMeta
}

func (h holder) copy() holder {
	return holder{secret: h.secret.DeepCopy(), configMap: h.configMap.DeepCopy()}
}

func (h holder) data() []byte {
	if h.configMap != nil {
		return []byte(h.configMap.Data[recordKey])
	}
	return h.secret.Data[recordKey]
}

func (h holder) setData(data []byte) {
	if h.configMap != nil {
		h.configMap.Data = map[string]string{recordKey: string(data)}
		return
	}
	h.secret.Data = map[string][]byte{recordKey: data}
}

// empty returns a new object for a record.
func (s store) empty(name string) holder {
	meta := metav1.ObjectMeta{Name: name, Namespace: s.namespace}
	if s.driver == cluster.DriverConfigMaps {
		return holder{configMap: &corev1.ConfigMap{ObjectMeta: meta}}
	}
	return holder{secret: &corev1.Secret{ObjectMeta: meta, Type: recordType}}
}

func (s store) get(ctx context.Context, name string) (h holder, err error) {
	if s.driver == cluster.DriverConfigMaps {
		h.configMap, err = s.access.Clientset().CoreV1().ConfigMaps(s.namespace).Get(ctx, name, metav1.GetOptions{})
	} else {
		h.secret, err = s.access.Clientset().CoreV1().Secrets(s.namespace).Get(ctx, name, metav1.GetOptions{})
	}
	return h, s.explain(err, name, "read")
}

// update writes the object if nobody else has since it was read.
func (s store) update(ctx context.Context, h holder) error {
	var err error
	if h.configMap != nil {
		_, err = s.access.Clientset().CoreV1().ConfigMaps(s.namespace).Update(ctx, h.configMap, metav1.UpdateOptions{FieldManager: fieldManager})
	} else {
		_, err = s.access.Clientset().CoreV1().Secrets(s.namespace).Update(ctx, h.secret, metav1.UpdateOptions{FieldManager: fieldManager})
	}
	return s.explain(err, h.meta().Name, "updated")
}

func (s store) create(ctx context.Context, h holder) error {
	var err error
	if h.configMap != nil {
		_, err = s.access.Clientset().CoreV1().ConfigMaps(s.namespace).Create(ctx, h.configMap, metav1.CreateOptions{FieldManager: fieldManager})
	} else {
		_, err = s.access.Clientset().CoreV1().Secrets(s.namespace).Create(ctx, h.secret, metav1.CreateOptions{FieldManager: fieldManager})
	}
	return s.explain(err, h.meta().Name, "created")
}

func (s store) delete(ctx context.Context, name string) error {
	err := s.access.Metadata().Resource(s.resource()).Namespace(s.namespace).Delete(ctx, name, metav1.DeleteOptions{})
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
		return fmt.Errorf("the Helm record %s/%s cannot be %s, it was deleted meanwhile (`helm uninstall`?): %w: %w",
			s.namespace, name, verb, errNoRecord, err)
	case apierrors.IsConflict(err):
		return fmt.Errorf("the Helm record %s/%s was changed by somebody else at the same moment (a `helm upgrade`?), nothing was written: "+
			"wait for them and try again: %w", s.namespace, name, err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the Helm record %s/%s may not be %s, nothing was changed: ask for the right to do so: %w",
			s.namespace, name, verb, err)
	default:
		return fmt.Errorf("the Helm record %s/%s cannot be %s: %w", s.namespace, name, verb, err)
	}
}
