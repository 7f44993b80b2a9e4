package journal

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
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
// request. The error is a *CorruptError if there is one that cannot be read, and a
// *NewerError if its form is newer. Further fields do not hinder reading.
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
	newer := new(NewerError)
	switch {
	case errors.As(err, &newer):
		newer.Namespace = configMap.Namespace
		return nil, newer
	case err != nil:
		return nil, &CorruptError{Namespace: configMap.Namespace, cause: err}
	default:
		return record, nil
	}
}
