package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// Writer writes one journal. It is not safe for concurrent use.
type Writer struct {
	client  kubernetes.Interface
	journal types.NamespacedName
	stored  *corev1.ConfigMap // nil until there is one
	record  *Record
	unsure  []string // contents written since without an answer: the cluster may hold any of them
}

// Open reads the journal, to be written from there on, in one request. It is an error if the journal cannot be read, or
// if writing it would drop what a newer version of the plugin wrote.
func Open(ctx context.Context, client kubernetes.Interface, journal types.NamespacedName) (*Writer, error) {
	stored, record, err := load(ctx, client, journal)
	switch {
	case err != nil:
		return nil, err
	case stored == nil:
		record = &Record{}
	default:
		if what := unknown([]byte(stored.Data[key])); what != "" {
			return nil, newer(journal, what)
		}
	}
	return &Writer{client: client, journal: journal, stored: stored, record: record}, nil
}

// Record returns the record that was read; an empty one if there was none.
func (w *Writer) Record() *Record { return w.record }

// UID returns the ConfigMap's UID; "" until there is one.
func (w *Writer) UID() types.UID {
	if w.stored == nil {
		return ""
	}
	return w.stored.UID
}

// Write stores the record, unless somebody else has written the journal since this writer read or wrote it: then it
// returns a *ConflictError. It takes one request, one more if that fails, and again as many if an earlier write of this
// writer that seemed to fail turns out to have succeeded.
func (w *Writer) Write(ctx context.Context, record *Record) error {
	encoded, err := Encode(record)
	if err != nil {
		return err
	}
	data := string(encoded)
	for {
		stored, err := w.put(ctx, data)
		if err == nil {
			w.stored, w.unsure = stored, nil
			return nil
		}
		// The write, or an earlier one that causes this conflict, may have succeeded although its answer was lost.
		now, readErr := w.client.CoreV1().ConfigMaps(w.journal.Namespace).Get(ctx, w.journal.Name, metav1.GetOptions{})
		conflict := apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
		switch {
		case readErr == nil && now.Data[key] == data:
			w.stored, w.unsure = now, nil
			return nil
		case readErr == nil && conflict && slices.Contains(w.unsure, now.Data[key]):
			w.stored, w.unsure = now, nil
		case readErr != nil && conflict && len(w.unsure) > 0:
			return fmt.Errorf("cannot determine whether this run or another wrote the journal %s last: %w", w.journal, readErr)
		case conflict:
			return &ConflictError{Journal: w.journal, cause: err}
		case apierrors.IsNotFound(err) && w.stored == nil:
			return fmt.Errorf("namespace %q, where the journal belongs, is gone: %w", w.journal.Namespace, err)
		case apierrors.IsNotFound(err):
			return fmt.Errorf("the journal %s was deleted during this run: %w", w.journal, err)
		default:
			w.unsure = append(w.unsure, data)
			return err
		}
	}
}

// put creates or updates the ConfigMap, if it is still as this writer knows it.
func (w *Writer) put(ctx context.Context, data string) (*corev1.ConfigMap, error) {
	configMaps := w.client.CoreV1().ConfigMaps(w.journal.Namespace)
	if w.stored == nil {
		return configMaps.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Name: w.journal.Name, Namespace: w.journal.Namespace,
				Labels: map[string]string{"app.kubernetes.io/managed-by": "kubectl-coder-satellite"},
			},
			Data: map[string]string{key: data},
		}, metav1.CreateOptions{})
	}
	next := w.stored.DeepCopy() // carries the resourceVersion that must still hold
	next.Data = map[string]string{key: data}
	return configMaps.Update(ctx, next, metav1.UpdateOptions{})
}
