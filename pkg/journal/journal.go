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

// ProviderName returns the name of a provider's journal, in the provider's own
// namespace; id is the provider's, which no two providers of a primary share.
func ProviderName(id string) string { return cluster.NameFor(Name, id) }

// key is the entry of the ConfigMap that holds the record.
const key = "journal.json"

// ConflictError means that somebody else wrote the journal since it was read.
type ConflictError struct {
	// Journal is the journal's ConfigMap.
	Journal types.NamespacedName
	cause   error
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("somebody else wrote the journal %s meanwhile: another run is at work; see `kubectl coder-satellite status`", e.Journal)
}

func (e *ConflictError) Unwrap() error { return e.cause }

// Read returns the journal's record, or nil if there is none. It takes one
// request. The error is a *CorruptError if there is one that cannot be read, and a
// *NewerError if its form is newer. Further fields do not hinder reading.
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
	if newer, ok := errors.AsType[*NewerError](err); ok {
		newer.Journal = journal
		return nil, nil, newer
	}
	if err != nil {
		return nil, nil, &CorruptError{Journal: journal, cause: err}
	}
	return configMap, record, nil
}

// EnsureNamespace creates the namespace if it is not there. It takes one
// request if it is, two if not.
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
