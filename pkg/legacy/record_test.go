package legacy

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy/record"
)

const smallJSON = `{"name":"x","version":3,"namespace":"n","info":{"status":"deployed"},"manifest":"a: 1\n",
	"chart":{"metadata":{"name":"workspace-provider","version":"1.2.3","appVersion":"1.21"}},"config":{"envproxy":{"accessURL":"https://p"}},
	"big":12345678901234567890.10,"unknown":{"<b>":[1e3,null]}}`

func pack(text string, gzipped bool) []byte {
	if gzipped {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		text = b.String()
	}
	return base64.StdEncoding.AppendEncode(nil, []byte(text))
}

func TestDecodeRecord(t *testing.T) {
	for name, gzipped := range map[string]bool{"gzip": true, "plain JSON of early Helm 3": false} {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeRecord(pack(smallJSON, gzipped))
			if err != nil {
				t.Fatal(err)
			}
			got.fields = nil
			want := Record{Name: "x", Version: 3, AccessURL: "https://p", Manifest: "a: 1\n"}
			want.Info.Status, want.Chart.Metadata.Name, want.Chart.Metadata.Version = "deployed", "workspace-provider", "1.2.3"
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Record{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRecordErrors(t *testing.T) {
	good := pack(smallJSON, true)
	bomb := pack(strings.Repeat(" ", record.MaxUnpacked+2), true)
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":              {nil, "is empty"},
		"truncated base64":   {good[:len(good)/2+1], "not base64: it is truncated"},
		"truncated gzip":     {good[:len(good)/2/4*4], "truncated"},
		"gzip header only":   {base64.StdEncoding.AppendEncode(nil, []byte{0x1f, 0x8b, 8, 0}), "truncated"},
		"neither":            {pack("token: hunter2", false), "neither gzip nor JSON"},
		"gzip, not JSON":     {pack(`{"name": hunter2}`, true), "not the JSON of a Helm release (syntax error at byte 10)"},
		"not an object":      {pack(`["hunter2"]`, true), "not the JSON of a Helm release"},
		"wrong type":         {pack(`{"name":"x","version":"hunter2"}`, true), "field version is not a int"},
		"no name":            {pack(`{"version":1}`, true), "no name or no revision"},
		"no revision":        {pack(`{"name":"x"}`, true), "no name or no revision"},
		"too large":          {bytes.Repeat([]byte("A"), record.MaxEncoded+4), "more than the 1048576 that Kubernetes stores"},
		"a bomb":             {bomb, "unpacks to more than 32 MiB"},
		"damaged in between": {damaged(good), "the record is"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeRecord(test.data)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows content: %v", err)
			}
		})
	}
}

func damaged(good []byte) []byte {
	packed, _ := base64.StdEncoding.DecodeString(string(good))
	packed[len(packed)-6] ^= 0xff // breaks the checksum
	return base64.StdEncoding.AppendEncode(nil, packed)
}

// Unknown fields and numbers of any precision survive.
func TestEncodeKeepsAllFields(t *testing.T) {
	record, err := DecodeRecord(pack(smallJSON, true))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := record.EncodeWith("b: <2> & 3\n")
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeRecord(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if again.Manifest != "b: <2> & 3\n" || record.Manifest != "a: 1\n" {
		t.Errorf("manifests %q and %q", again.Manifest, record.Manifest)
	}
	for _, key := range []string{"big", "unknown", "chart", "config", "info"} {
		if diff := cmp.Diff(string(record.fields[key]), string(again.fields[key])); diff != "" {
			t.Errorf("%s changed: %s", key, diff)
		}
	}
}

// Helm reads what we write, with its chart, templates and values.
func TestHelmReadsWhatWeWrite(t *testing.T) {
	secrets := fake.NewClientset().CoreV1().Secrets(home)
	helm := storage.Init(driver.NewSecrets(secrets))
	rel := helmRelease(home, name, chartName, legacyManifest(false, true), 4, helmrelease.StatusDeployed)
	if err := helm.Create(rel); err != nil {
		t.Fatal(err)
	}
	secret, err := secrets.Get(context.Background(), recordName(name, 4), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	record, err := DecodeRecord(secret.Data[recordKey])
	if err != nil {
		t.Fatal(err)
	}
	annotated, err := annotateManifest(record.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if secret.Data[recordKey], err = record.EncodeWith(annotated); err != nil {
		t.Fatal(err)
	}
	if _, err := secrets.Update(context.Background(), secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := helm.Deployed(name)
	if err != nil {
		t.Fatal(err)
	}
	rel.Manifest = annotated
	want, _ := json.Marshal(rel)
	is, _ := json.Marshal(got)
	if diff := cmp.Diff(string(want), string(is)); diff != "" {
		t.Error(diff)
	}
}

// A record that would become too large with the annotations is refused.
func TestEncodeRefusesWhatDoesNotFit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte('!' + random.IntN(90))
	}
	record, err := DecodeRecord(pack(smallJSON, true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := record.EncodeWith(string(noise)); err == nil || !strings.Contains(err.Error(), "would have") {
		t.Errorf("got %v", err)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(pack(smallJSON, true))
	f.Add(pack(smallJSON, false))
	f.Add(pack(smallJSON, true)[:40])
	f.Add(damaged(pack(smallJSON, true)))
	f.Add([]byte("%%%"))
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := DecodeRecord(data)
		if err != nil {
			return
		}
		encoded, err := record.EncodeWith(record.Manifest)
		if err != nil {
			return // larger than before
		}
		again, err := DecodeRecord(encoded)
		if err != nil {
			t.Fatalf("a decoded and encoded record does not decode: %v", err)
		}
		if again.Name != record.Name || again.Version != record.Version || again.Manifest != record.Manifest || again.Info.Status != record.Info.Status {
			t.Fatalf("%+v became %+v", record, again)
		}
		twice, err := again.EncodeWith(again.Manifest)
		if err != nil || !bytes.Equal(twice, encoded) {
			t.Fatalf("encoding is not stable: %v", err)
		}
	})
}
