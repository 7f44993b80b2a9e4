package journal

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

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
