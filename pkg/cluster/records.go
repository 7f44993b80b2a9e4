package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy/record"
)

// maxRecords bounds what the records of a list unpack to together, in bytes: Helm keeps them all in memory. A hundred
// revisions of Coder's chart take some 100 MiB.
const maxRecords = 256 << 20

const recordKey = "release" // of Helm's record in a Secret or a ConfigMap

// boundedStorage is Helm's storage within the bounds of package record: Helm itself unpacks whatever it finds.
func (a *Access) boundedStorage(namespace string) *storage.Storage {
	if a.Driver() == DriverConfigMaps {
		return storage.Init(driver.NewConfigMaps(&boundedConfigMaps{a.Clientset().CoreV1().ConfigMaps(namespace)}))
	}
	return storage.Init(driver.NewSecrets(&boundedSecrets{a.Clientset().CoreV1().Secrets(namespace)}))
}

type boundedSecrets struct{ corev1client.SecretInterface }

func (b *boundedSecrets) Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.Secret, error) {
	secret, err := b.SecretInterface.Get(ctx, name, options)
	return secret, cmp.Or(err, readable(name, secret.Data[recordKey]))
}

func (b *boundedSecrets) List(ctx context.Context, options metav1.ListOptions) (*corev1.SecretList, error) {
	list, err := b.SecretInterface.List(ctx, options)
	return list, cmp.Or(err, inBounds(list.Items, func(secret corev1.Secret) (string, []byte) { return secret.Name, secret.Data[recordKey] }))
}

type boundedConfigMaps struct {
	corev1client.ConfigMapInterface
}

func (b *boundedConfigMaps) Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.ConfigMap, error) {
	configMap, err := b.ConfigMapInterface.Get(ctx, name, options)
	return configMap, cmp.Or(err, readable(name, []byte(configMap.Data[recordKey])))
}

func (b *boundedConfigMaps) List(ctx context.Context, options metav1.ListOptions) (*corev1.ConfigMapList, error) {
	list, err := b.ConfigMapInterface.List(ctx, options)
	return list, cmp.Or(err, inBounds(list.Items, func(c corev1.ConfigMap) (string, []byte) { return c.Name, []byte(c.Data[recordKey]) }))
}

// readable returns an error for a record that would exhaust Helm's memory or crash it (driver.Secrets.Get of 3.22).
func readable(name string, data []byte) error {
	text, err := record.Unpack(data)
	if err == nil && json.Unmarshal(text, &release.Release{}) != nil { // whose text would quote the content
		err = errors.New("the record is not the JSON of a Helm release")
	}
	if err != nil {
		return fmt.Errorf("release record %s: %w", name, err)
	}
	return nil
}

// inBounds returns an error for the first of the records that exceeds the limits, after which no more are unpacked. It
// ignores damaged records, which Helm leaves out of a list.
func inBounds[T any](items []T, dataOf func(T) (name string, data []byte)) error {
	total := 0
	for _, item := range items {
		name, data := dataOf(item)
		text, err := record.Unpack(data)
		if errors.Is(err, record.ErrTooLarge) {
			return fmt.Errorf("release record %s: %w", name, err)
		}
		if total += len(text); total > maxRecords {
			return fmt.Errorf("the release's records up to %s unpack to more than %d MiB: delete records of old revisions", name, maxRecords>>20)
		}
	}
	return nil
}
