package journal

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Name is the name of a satellite's journal, in the satellite's namespace.
const Name = "coder-satellite-journal"

// ProviderName returns the name of the journal of the provider with that ID, in the provider's own namespace.
func ProviderName(id string) string { return cluster.NameFor(Name, id) }

const key = "journal.json"

// ConflictError means that somebody else wrote the journal since it was read.
type ConflictError struct {
	Journal types.NamespacedName
	cause   error
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("somebody else wrote the journal %s meanwhile: another run is at work; see `kubectl coder-satellite status`", e.Journal)
}

func (e *ConflictError) Unwrap() error { return e.cause }

// Read returns the journal's record; nil if there is none. It takes one request. A record that cannot be read, or whose
// form is newer, is an error; fields that this version does not know are not.
func Read(ctx context.Context, client kubernetes.Interface, journal types.NamespacedName) (*Record, error) {
	_, record, err := load(ctx, client, journal)
	return record, err
}

// load returns the journal's ConfigMap and the record in it, like Read.
func load(ctx context.Context, client kubernetes.Interface, journal types.NamespacedName) (*corev1.ConfigMap, *Record, error) {
	configMap, err := client.CoreV1().ConfigMaps(journal.Namespace).Get(ctx, journal.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	record, err := Decode([]byte(configMap.Data[key]))
	form, isNewer := errors.AsType[newerForm](err)
	switch { // neither kind of journal is ever overwritten
	case isNewer:
		return nil, nil, newer(journal, form.Error())
	case err != nil:
		return nil, nil, fmt.Errorf("the journal %s cannot be understood (%w): inspect that ConfigMap, and delete it to start without a journal: "+
			"live state is read in any case", journal, err)
	}
	return configMap, record, nil
}

// EnsureNamespace creates the namespace unless it exists. It takes one request, or two to create it.
func EnsureNamespace(ctx context.Context, client kubernetes.Interface, name string) error {
	namespace, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		namespace, err = client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: name},
		}, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	if namespace.Status.Phase == corev1.NamespaceTerminating {
		return fmt.Errorf("namespace %q is being deleted: wait until it is gone, or choose another with --namespace", name)
	}
	return nil
}
