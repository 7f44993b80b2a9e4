package legacy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Once sends no request twice, whether the ledger is right, outdated or names a deleted backup,
// and it finds the same as a search without a cache.
func TestOnce(t *testing.T) {
	for title, test := range map[string]struct {
		change   func(r *region, ledger *journal.Ledger)
		complete bool
	}{
		"as the ledger says": {func(*region, *journal.Ledger) {}, true},
		"another revision":   {func(_ *region, ledger *journal.Ledger) { ledger.Revision = 7 }, true},
		"backup gone":        {func(r *region, _ *journal.Ledger) { r.deleteBackups() }, false},
		"record gone": {func(r *region, _ *journal.Ledger) {
			delete(r.server.objects, "/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1")
		}, false},
		"without a ledger": {func(_ *region, ledger *journal.Ledger) { *ledger = journal.Ledger{} }, true},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			ledger, err := r.of(r.legacy(legacyManifest(false, false))).Retain(t.Context(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			test.change(r, ledger)
			hint := Hint{Ledger: ledger, Namespace: home}
			if ledger.Release == "" {
				hint.Ledger = nil
			}
			found, err := r.site().Find(t.Context(), hint)
			if err != nil || len(found.Releases) != 1 {
				t.Fatalf("%v: %s", err, found.Explain())
			}
			retention, ready, err := r.of(found.Releases[0]).Inspect(t.Context())
			if err != nil || retention.Complete != test.complete {
				t.Fatalf("%v: %+v", err, retention)
			}
			before := len(r.server.requests)
			once := r.site().Once()
			once.Expect(t.Context())
			again, err := once.Find(t.Context(), hint)
			if diff := cmp.Diff(found, again); diff != "" || err != nil {
				t.Fatalf("%v (-want +got):\n%s", err, diff)
			}
			kept, does, err := once.Of(again.Releases[0]).Inspect(t.Context())
			if diff := cmp.Diff([]any{retention, ready}, []any{kept, does}); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			asked := slices.Sorted(slices.Values(r.server.requests[before:]))
			for i := range asked[1:] {
				// these lists are read twice, for records and for backups, with different
				// selectors
				if asked[i] == asked[i+1] && !slices.Contains([]string{"GET /api/v1/namespaces/coder/secrets", "GET /api/v1/namespaces/coder-satellite/secrets"}, asked[i]) {
					t.Errorf("asked for twice: %s", asked[i])
				}
			}
		})
	}
}
