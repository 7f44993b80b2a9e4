package cluster

import (
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

// maxRecords is how much the records of a list may unpack to together, in bytes:
// Helm keeps them all. A hundred revisions of Coder's chart take some 100 MiB.
const maxRecords = 256 << 20

// recordKey is the entry of a Secret or a ConfigMap that holds Helm's record.
const recordKey = "release"

// boundedStorage is Helm's storage, which decodes no record beyond the bounds
// of package record: Helm itself unpacks whatever it finds.
func (a *Access) boundedStorage(namespace string) *storage.Storage {
	if a.Driver() == DriverConfigMaps {
		return storage.Init(driver.NewConfigMaps(&boundedConfigMaps{a.clientset.CoreV1().ConfigMaps(namespace)}))
	}
	return storage.Init(driver.NewSecrets(&boundedSecrets{a.clientset.CoreV1().Secrets(namespace)}))
}

type boundedSecrets struct{ corev1client.SecretInterface }

func (b *boundedSecrets) Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.Secret, error) {
	secret, err := b.SecretInterface.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return secret, readable(name, secret.Data[recordKey])
}

func (b *boundedSecrets) List(ctx context.Context, options metav1.ListOptions) (*corev1.SecretList, error) {
	list, err := b.SecretInterface.List(ctx, options)
	if err != nil {
		return nil, err
	}
	var read bound
	for _, secret := range list.Items {
		read.add(secret.Name, secret.Data[recordKey])
	}
	return list, read.err
}

type boundedConfigMaps struct {
	corev1client.ConfigMapInterface
}

func (b *boundedConfigMaps) Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.ConfigMap, error) {
	configMap, err := b.ConfigMapInterface.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return configMap, readable(name, []byte(configMap.Data[recordKey]))
}

func (b *boundedConfigMaps) List(ctx context.Context, options metav1.ListOptions) (*corev1.ConfigMapList, error) {
	list, err := b.ConfigMapInterface.List(ctx, options)
	if err != nil {
		return nil, err
	}
	var read bound
	for _, configMap := range list.Items {
		read.add(configMap.Name, []byte(configMap.Data[recordKey]))
	}
	return list, read.err
}

// readable returns an error for a record that Helm could not read: it would
// exhaust the memory with it, or crash (driver.Secrets.Get of Helm 3.22).
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

// bound is how much the records of a list unpack to, and the error of the first record
// that exceeds the limits, after which no more are unpacked.
type bound struct {
	total int
	err   error
}

// add adds a record. A damaged one Helm leaves out of the list by itself.
func (b *bound) add(name string, data []byte) {
	if b.err != nil {
		return
	}
	text, err := record.Unpack(data)
	b.total += len(text)
	if errors.Is(err, record.ErrTooLarge) {
		b.err = fmt.Errorf("release record %s: %w", name, err)
	} else if b.total > maxRecords {
		b.err = fmt.Errorf("the release's records up to %s unpack to more than %d MiB: delete records of old revisions", name, maxRecords>>20)
	}
}
