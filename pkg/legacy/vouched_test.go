package legacy

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// forge changes values in a backup's record and updates the backup's own checksum. Anyone who may
// write Secrets in the namespace can do this.
func (r *region) forge(backup string) {
	r.t.Helper()
	r.server.edit(r.t, "/secrets/"+satellite+"/"+backup, func(o map[string]any) {
		data := o["data"].(map[string]any)
		encoded, err := base64.StdEncoding.DecodeString(data["release"].(string))
		if err != nil {
			r.t.Fatal(err)
		}
		record, err := DecodeRecord(encoded)
		if err != nil {
			r.t.Fatal(err)
		}
		record.fields = maps.Clone(record.fields)
		record.fields["config"] = json.RawMessage(`{"envproxy":{"token":"of somebody else"}}`)
		if encoded, err = record.EncodeWith(record.Manifest); err != nil {
			r.t.Fatal(err)
		}
		data["release"] = base64.StdEncoding.EncodeToString(encoded)
		metaOf(o)["annotations"].(map[string]any)[annotationDigest] = digestOf(encoded)
	})
}

// plant adds a second backup that is newer and has a valid checksum of its own.
func (r *region) plant(backup string) {
	r.server.mu.Lock()
	text, err := json.Marshal(r.server.objects["/secrets/"+satellite+"/"+backup])
	if err != nil {
		r.t.Fatal(err)
	}
	var planted map[string]any
	if err := json.Unmarshal(text, &planted); err != nil {
		r.t.Fatal(err)
	}
	metaOf(planted)["name"] = "planted"
	r.server.put("/secrets/"+satellite+"/planted", planted, nil)
	r.server.mu.Unlock()
	r.forge("planted")
}

// Only the ledger in the journal decides whether a backup is trusted. A changed backup is
// reported and not used, even if its own annotation matches, and neither is a backup that the
// ledger does not name.
func TestBackupVouchedForByLedger(t *testing.T) {
	byLedger := func(l *journal.Ledger) Hint { return Hint{Ledger: l} }
	for title, test := range map[string]struct {
		change func(r *region, backup string)
		says   string
	}{
		"changed": {func(r *region, backup string) { r.forge(backup) }, "was tampered with: its content is sha256:"},
		"replaced": {func(r *region, backup string) {
			r.plant(backup)
			delete(r.server.objects, "/secrets/"+satellite+"/"+backup)
		}, "is not the one that the journal lists"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			ledger, err := r.of(r.legacy(legacyManifest(false, false))).Retain(context.Background(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			test.change(r, ledger.Backup)
			if retention, _ := r.inspect(r.find()); !retention.Complete {
				t.Fatalf("without the ledger the forgery is detected, too, so that this test shows nothing: %v", retention.Missing)
			}
			found, err := r.site().Find(context.Background(), byLedger(ledger))
			if err != nil {
				t.Fatal(err)
			}
			retained := found.Releases[0]
			if retention, _ := r.inspect(retained); retention.Complete || !strings.Contains(strings.Join(retention.Missing, ";"), test.says) {
				t.Errorf("retention %+v", retention)
			}

			// nothing is restored from it once the record is gone
			if err := r.helmUninstall(false); err != nil {
				t.Fatal(err)
			}
			lost, err := r.site().Find(context.Background(), byLedger(ledger))
			if err != nil || len(lost.Releases) > 0 {
				t.Errorf("found %s, %v", lost.Explain(), err)
			}
			gone := retained
			gone.RecordMissing = true
			for what, err := range map[string]error{
				"record":  r.of(gone).RestoreRecord(context.Background()),
				"objects": second(r.of(gone).RecreateObjects(context.Background())),
				"preview": second(r.of(gone).Preview(context.Background())),
			} {
				if err == nil || !strings.Contains(err.Error(), "backup") || !strings.Contains(err.Error(), "the journal lists") {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// As long as the record exists, a new backup replaces the forged one.
func TestForgedBackupIsReplaced(t *testing.T) {
	r := newRegion(t, "")
	ledger, err := r.of(r.legacy(legacyManifest(false, false))).Retain(context.Background(), retainOptions())
	if err != nil {
		t.Fatal(err)
	}
	r.forge(ledger.Backup)
	release := r.find()
	var renewed *journal.Ledger
	for range 2 { // as if the first run had died before it wrote the journal
		release.Ledger = ledger
		if renewed, err = r.of(release).Retain(context.Background(), retainOptions()); err != nil {
			t.Fatal(err)
		}
	}
	if renewed.Backup == ledger.Backup {
		t.Errorf("the ledger still names %s", ledger.Backup)
	}
	release.Ledger = renewed
	if retention, _ := r.inspect(release); !retention.Complete {
		t.Errorf("retention %+v", retention)
	}
	if err := r.helmUninstall(false); err != nil {
		t.Fatal(err)
	}
	found, err := r.site().Find(context.Background(), Hint{Ledger: renewed})
	if err != nil || len(found.Releases) != 1 {
		t.Fatalf("found %s, %v", found.Explain(), err)
	}
	if err := r.of(found.Releases[0]).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
}
