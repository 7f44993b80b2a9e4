package snapshot_test

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// The legacy release is searched for where the journal's ledger lists it, whether the journal is read
// in the same round or was read before, and not where other objects point.
func TestLegacyByLedger(t *testing.T) {
	const record = `{"version":1,"operation":"migrate","retention":{"namespace":"classic","release":"envs","revision":3,"backup":"a-backup"}}`
	const list = "GET api.sydney.example.com/api/v1/namespaces/%s/secrets?labelSelector=owner=helm,name in (%s) (metadata)"
	servers := newServers(t)
	servers.answer(apiHost+"/api/v1/namespaces/coder/configmaps/coder-satellite-journal-p",
		`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"coder-satellite-journal-p","namespace":"coder"},"data":{"journal.json":`+strconv.Quote(record)+`}}`)
	servers.answer(apiHost+"/apis/apps/v1/deployments", `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[`+
		`{"metadata":{"name":"envproxy","namespace":"coder","annotations":{"meta.helm.sh/release-name":"other","meta.helm.sh/release-namespace":"coder"}}}]}`)
	source := servers.source(t)
	s := source.Collect(t.Context(), snapshot.StatusItems()...)
	for range 2 {
		if !s.ProviderJournal.IsKnown() || s.ProviderJournal.Value() == nil {
			t.Fatalf("the journal: %v", s.ProviderJournal.Err())
		}
		asked := map[string]bool{}
		for _, request := range servers.asked() {
			asked[request] = true
		}
		if !asked[fmt.Sprintf(list, "classic", "envs")] {
			t.Errorf("the ledger's release was not searched for: %v", servers.asked())
		}
		servers.reset()
		source.Refresh(t.Context(), s, snapshot.ItemLegacy) // uses the journal that was read before
	}
}

// If a cluster does not answer when the journal is read, no second request waits for it.
func TestSilentJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		servers := newServers(t)
		servers.fail(apiHost+"/api/v1/namespaces/coder/configmaps/coder-satellite-journal-p", 0)
		servers.fail(apiHost+"/apis/apps/v1/deployments", 0)
		start := time.Now()
		s := servers.source(t).Collect(t.Context(), snapshot.StatusItems()...)
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("took %s", took)
		}
		if diff := cmp.Diff([]string{"legacy", "provider journal"}, unknown(s)); diff != "" {
			t.Errorf("unknown (-want +got):\n%s", diff)
		}
	})
}
