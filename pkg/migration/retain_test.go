package migration

import (
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// `retain` is refused if the legacy release can no longer be used. A migration does not need it,
// and only says what it leaves behind.
func TestRetainWhatIsOfNoUse(t *testing.T) {
	unusable := snapshot.Legacy{Found: legacy.Found{
		Unusable: true, Remedy: "restore it", Searched: "in all namespaces", Reasons: []string{"coder/coder-workspace-provider: it has no Helm record"},
	}}
	gone := snapshot.Legacy{Found: legacy.Found{Searched: "in all namespaces", Reasons: []string{"b/other is another provider's"}}}
	for name, test := range map[string]struct {
		found   snapshot.Legacy
		refused bool
		says    string
	}{
		"it is unusable": {unusable, true, "there is nothing to retain: no legacy release was found"},
		"there is none":  {gone, false, "there is no legacy release (any more)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := migrated(t)
			s.Primary.Version = snapshot.Known(version(t, "1.22.3"))
			s.ProviderJournal.Value().Retention = nil
			s.Legacy = snapshot.Known(test.found)
			results := Retain(Refuse).Preflight(s)
			refused := slices.ContainsFunc(results, func(r v1alpha1.CheckResult) bool {
				return r.ID == "legacy-found" && r.Failed() && strings.Contains(r.Message, "it has no Helm record") && r.Hint == "restore it"
			})
			if refused != test.refused {
				t.Errorf("%+v", results)
			}
			if got := decideRetain(s, Refuse); got.Action != v1alpha1.ActionNone || !strings.HasPrefix(got.Reason, test.says) {
				t.Errorf("%+v", got)
			}
		})
	}
}
