package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy/record"
)

// packed encodes a record as Helm stores it.
func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func recordText(fill int) string {
	return `{"name":"edge","version":1,"namespace":"ns","info":{"status":"deployed"},"manifest":"` + strings.Repeat(" ", fill) + `"}`
}

// accessTo returns access to a cluster that holds these records, numbered by revision.
func accessTo(helmDriver string, records ...string) *Access {
	client := fake.NewClientset()
	for i, data := range records {
		meta := metav1.ObjectMeta{
			Name: fmt.Sprintf("sh.helm.release.v1.edge.v%d", i+1), Namespace: "ns",
			Labels: map[string]string{"owner": "helm", "name": "edge", "version": fmt.Sprint(i + 1), "status": "deployed"},
		}
		if helmDriver == DriverConfigMaps {
			_ = client.Tracker().Add(&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"release": data}})
		} else {
			_ = client.Tracker().Add(&corev1.Secret{ObjectMeta: meta, Data: map[string][]byte{"release": []byte(data)}})
		}
	}
	return &Access{clients: &clients{typed: client}, options: Options{HelmDriver: helmDriver}}
}

// TestRecordsAreBounded proves that a record that unpacks to hundreds of megabytes is rejected
// without using much memory, through every function of Helm that reads records.
func TestRecordsAreBounded(t *testing.T) {
	bomb := packed(t, recordText(200<<20))
	if len(bomb) > record.MaxEncoded {
		t.Fatalf("the bomb has %d bytes: Kubernetes would not store it", len(bomb))
	}
	for _, helmDriver := range []string{DriverSecrets, DriverConfigMaps} {
		releases := accessTo(helmDriver, bomb).boundedStorage("ns")
		for name, read := range map[string]func() error{
			"get":     func() error { _, err := releases.Get("edge", 1); return err },
			"history": func() error { _, err := releases.History("edge"); return err },
			"last":    func() error { _, err := releases.Last("edge"); return err },
			"list":    func() error { _, err := releases.ListDeployed(); return err },
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read()
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), "sh.helm.release.v1.edge.v1") || !strings.Contains(err.Error(), "more than 32 MiB") {
				t.Errorf("%s, %s: error %v", helmDriver, name, err)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 200<<20 {
				t.Errorf("%s, %s: %d MiB were allocated", helmDriver, name, taken>>20)
			}
		}
	}
	many := slices.Repeat([]string{packed(t, recordText(30<<20))}, 9)
	if _, err := accessTo("", many...).boundedStorage("ns").History("edge"); err == nil ||
		!strings.Contains(err.Error(), "unpack to more than 256 MiB") {
		t.Errorf("many records: error %v", err)
	}
}

// Helm itself panics on a damaged record. Here reading one is an error, and a list leaves it out.
func TestDamagedRecords(t *testing.T) {
	good := packed(t, recordText(10))
	for _, bad := range []string{"", "hunter2", good[:len(good)-8], packed(t, "hunter2"), packed(t, `{"name":"edge","version":"hunter2"}`)} {
		for _, helmDriver := range []string{DriverSecrets, DriverConfigMaps} {
			releases := accessTo(helmDriver, bad, good).boundedStorage("ns")
			_, err := releases.Get("edge", 1)
			if err == nil || strings.Contains(err.Error(), "hunter2") || errors.Is(err, record.ErrTooLarge) {
				t.Errorf("%q: error %v", bad, err)
			}
			if found, err := releases.Get("edge", 2); err != nil || found.Name != "edge" {
				t.Errorf("%q: the other one: %v", bad, err)
			}
			if history, err := releases.History("edge"); err != nil || len(history) != 1 {
				t.Errorf("%q: %d in the history, %v", bad, len(history), err)
			}
		}
	}
}
