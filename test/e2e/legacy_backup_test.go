package e2e

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// savedBackup is a copy of a region's backup.
type savedBackup struct {
	// Data is the record in the backup.
	Data   []byte
	secret corev1.Secret
}

// backupOf returns the region's only backup.
func backupOf(t *testing.T, region string) savedBackup {
	t.Helper()
	var list corev1.SecretList
	text := kubectl(t, region, "--namespace", inlab.LegacyNamespace, "get", "secrets", "--selector", "coder-satellite.dev/backup", "-o", "json")
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("backups: %v, %d found", err, len(list.Items))
	}
	if !ptr.Deref(list.Items[0].Immutable, false) {
		t.Error("the backup can be edited")
	}
	return savedBackup{Data: list.Items[0].Data["release"], secret: list.Items[0]}
}

// create restores the backup's Secret from the copy.
func (b savedBackup) create(t *testing.T, region string) {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	secret := b.secret.DeepCopy()
	secret.UID, secret.ResourceVersion, secret.CreationTimestamp = "", "", metav1.Time{}
	if _, err := access.Clientset().CoreV1().Secrets(secret.Namespace).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// tamper replaces the region's backup, which is immutable, with one that has other content. It
// returns its name and a copy of the original.
func tamper(t *testing.T, region string) (name string, original savedBackup) {
	t.Helper()
	original = backupOf(t, region)
	name = original.secret.Name
	if edited := lab.Run(t.Context(), nil, "kubectl", "--context", region, "--namespace", inlab.LegacyNamespace, "patch", "secret", name, "--patch", `{"data":{"release":"AAAA"}}`); edited.Code == 0 {
		t.Error("the backup could be edited")
	}
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "delete", "secret", name)
	other := savedBackup{secret: *original.secret.DeepCopy()}
	other.secret.Data["release"] = append(other.secret.Data["release"][:100:100], 'A')
	other.create(t, region)
	return name, original
}
