package journal

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Name is the journal's name in the satellite's namespace.
const Name = "coder-satellite-journal"

// key is the entry of the ConfigMap that holds the record.
const key = "journal.json"

// ConflictError means that somebody else wrote the journal since it was read.
type ConflictError struct {
	Namespace string
	cause     error
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("somebody else wrote the journal %s/%s meanwhile: another run is at work; see `kubectl coder-satellite status`", e.Namespace, Name)
}

func (e *ConflictError) Unwrap() error { return e.cause }

// Read returns the region's record, or nil if there is none. It takes one
// request. The error is a *CorruptError if there is one that cannot be read.
func Read(ctx context.Context, client kubernetes.Interface, namespace string) (*Record, error) {
	configMap, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return read(configMap)
}

func read(configMap *corev1.ConfigMap) (*Record, error) {
	record, err := Decode([]byte(configMap.Data[key]))
	if err != nil {
		return nil, &CorruptError{Namespace: configMap.Namespace, cause: err}
	}
	return record, nil
}

// Writer writes the journal of one region. It is not safe for concurrent use.
type Writer struct {
	client    kubernetes.Interface
	namespace string
	stored    *corev1.ConfigMap // nil until there is one
	record    *Record
}

// Open reads the journal, to be written from there on. It takes one request.
func Open(ctx context.Context, client kubernetes.Interface, namespace string) (*Writer, error) {
	w := &Writer{client: client, namespace: namespace, record: &Record{}}
	configMap, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	w.stored = configMap
	w.record, err = read(configMap)
	return w, err
}

// Record returns the record that was read.
func (w *Writer) Record() *Record { return w.record }

// Write stores the record, if nobody else has written the journal since this
// writer read or wrote it; otherwise it returns a *ConflictError. It takes one
// request, and one more if the answer to the first is lost.
func (w *Writer) Write(ctx context.Context, record *Record) error {
	data, err := Encode(record)
	if err != nil {
		return err
	}
	next := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: Name, Namespace: w.namespace,
		Labels: map[string]string{"app.kubernetes.io/managed-by": "kubectl-coder-satellite"},
	}}
	if w.stored != nil {
		next = w.stored.DeepCopy() // carries the resourceVersion that must still hold
	}
	next.Data = map[string]string{key: string(data)}

	configMaps := w.client.CoreV1().ConfigMaps(w.namespace)
	var stored *corev1.ConfigMap
	if w.stored == nil {
		stored, err = configMaps.Create(ctx, next, metav1.CreateOptions{})
	} else {
		stored, err = configMaps.Update(ctx, next, metav1.UpdateOptions{})
	}
	if err != nil {
		// The write may have been done although its answer was lost, which also
		// makes a repetition meet a conflict: what is stored tells.
		now, readErr := configMaps.Get(ctx, Name, metav1.GetOptions{})
		switch {
		case readErr == nil && now.Data[key] == string(data):
			stored = now
		case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
			return &ConflictError{Namespace: w.namespace, cause: err}
		default:
			return err
		}
	}
	w.stored = stored
	return nil
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

// maxEventMessage is the longest message that the API takes in an Event.
const maxEventMessage = 1024

// Emit records a step as an Event on the journal's ConfigMap. It takes one
// request, and its failure changes nothing: Events are for people to read.
func Emit(ctx context.Context, client kubernetes.Interface, namespace, operation string, result v1alpha1.StepResult, at metav1.Time) error {
	kind, message := corev1.EventTypeNormal, result.Message
	if result.Error != "" {
		kind, message = corev1.EventTypeWarning, result.Error
	}
	_, err := client.CoreV1().Events(namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: Name + "-", Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "ConfigMap", Namespace: namespace, Name: Name,
		},
		Type:           kind,
		Reason:         string(result.State),
		Message:        bounded(fmt.Sprintf("%s %s: %s", operation, result.Name, message)),
		Source:         corev1.EventSource{Component: "kubectl-coder-satellite"},
		FirstTimestamp: at,
		LastTimestamp:  at,
		Count:          1,
	}, metav1.CreateOptions{})
	return err
}

func bounded(message string) string {
	if len(message) <= maxEventMessage {
		return message
	}
	return message[:maxEventMessage-3] + "..."
}
