package legacy

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inflateTo pads the stored record with random data to about size bytes.
func inflateTo(t *testing.T, r *region, size int) {
	t.Helper()
	const key = "/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1"
	h, err := r.of(r.find()).get(context.Background(), "sh.helm.release.v1.coder-workspace-provider.v1")
	if err != nil {
		t.Fatal(err)
	}
	record, err := DecodeRecord(h.Data[recordKey])
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 2*size)
	for i := range noise {
		noise[i] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[random.IntN(64)]
	}
	var data []byte
	for length, tries := size*9/10, 0; tries < 8; tries++ { // random data does not compress, so one byte adds about one byte
		record.fields["noise"] = []byte(`"` + string(noise[:length]) + `"`)
		encoded, err := record.EncodeWith(record.Manifest)
		if err != nil || len(encoded) > size {
			length -= 64
			continue
		}
		if data = encoded; size-len(encoded) < 64 {
			break
		}
		length += (size - len(encoded)) * 15 / 16
	}
	if size-len(data) > 200 {
		t.Fatalf("%d bytes are not near %d", len(data), size)
	}
	h.Data[recordKey] = data
	if err := r.of(r.find()).put(context.Background(), h); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s has %d bytes", key, len(data))
}

// A large record is backed up and annotated like any other.
func TestRetainLargeRecord(t *testing.T) {
	r := newRegion(t, "")
	r.legacy(legacyManifest(false, false))
	inflateTo(t, r, 1<<20-4096)
	r.retain(r.find())
	if retention, _ := r.inspect(r.find()); !retention.Complete {
		t.Errorf("retention %+v", retention)
	}
	if err := r.helmUninstall(false); err != nil {
		t.Fatal(err)
	}
	if err := r.of(r.find()).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// A record that the annotations would make too large is refused before anything is written.
func TestRetainRecordThatIsFull(t *testing.T) {
	r := newRegion(t, "")
	r.legacy(legacyManifest(false, false))
	inflateTo(t, r, 1<<20)
	before := r.server.dump(t)
	_, err := r.of(r.find()).Retain(context.Background(), retainOptions())
	if err == nil || !strings.Contains(err.Error(), "revision 1 cannot be retained: the record would have") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, r.server.dump(t)); diff != "" {
		t.Error("something was written")
	}
}
