package e2e

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// journalOf returns the ConfigMap with the journal of the region's provider.
func journalOf(t *testing.T, region string) string {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	return "configmap/" + inlab.ProviderJournal(provider.ID)
}

// TestLostJournal: without its journal, the state before a migration is unknown. A rollback says
// so, and does not claim success without having rolled back.
func TestLostJournal(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "delete", journalOf(t, "london"))
	finishes(t, "london") // writes a new journal

	result := lab.Plugin(t.Context(), on("london", "rollback", "--yes", "-o", "json")...)
	now, report := factsOf(t, "london"), reported(t, result)
	if result.Code == 0 && now.On {
		t.Errorf("rollback succeeded, and Networking v2 is on: %v", states(report))
	}
	if now.On {
		saysAll(t, "rollback", result.Stdout, []string{"--networking-v2-was off"})
	}

	back := reported(t, plugin(t, 0, on("london", "rollback", "--yes", "--networking-v2-was", "off", "-o", "json")...))
	now = factsOf(t, "london")
	if now.On {
		t.Errorf("Networking v2 is on after a rollback with --networking-v2-was off: %v", states(back))
	}
	saysTheFacts(t, back, now)
	envproxyServes(t, "london")
	finishes(t, "london")
}

// TestRollbackToOn: if Networking v2 was on before, there is nothing to roll back. The plugin
// says so and does not claim success.
func TestRollbackToOn(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	result := lab.Plugin(t.Context(), on("london", "rollback", "--yes", "--networking-v2-was", "on", "-o", "json")...)
	if result.Code == 0 {
		t.Errorf("rollback reached no legacy path, and ended with 0: %v", states(reported(t, result)))
	}
	networking(t, "london", true)
}

// TestJournalOfANewerVersion: the journal was written by someone with a newer plugin. It is not
// changed, and nobody is advised to delete it.
func TestJournalOfANewerVersion(t *testing.T) {
	t.Cleanup(func() {
		kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "delete", "--ignore-not-found", journalOf(t, "london"))
		plugin(t, 0, on("london", "rollback", "--yes", "--networking-v2-was", "off", "--remove-satellite")...)
	})
	finishes(t, "london")
	text := kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "get", journalOf(t, "london"), "-o", "yaml")
	newer := strings.Replace(text, `"version": 1`, `"version": 9`, 1)
	if newer == text {
		t.Fatalf("the journal has no version: %s", text)
	}
	file := writeInLab(t, "journal.yaml", []byte(newer))
	kubectl(t, "london", "replace", "-f", file)
	before := factsOf(t, "london")
	for _, verb := range []string{"migrate", "rollback", "retain"} {
		result := lab.Plugin(t.Context(), on("london", verb, "--yes")...)
		said := unwrapped(result.Stdout + result.Stderr)
		if strings.Contains(said, "delete it") {
			t.Errorf("%s advises to delete the journal: %s", verb, result)
		}
		if result.Code == 0 && !strings.Contains(said, "nothing to do") && verb != "rollback" {
			t.Errorf("%s went on without the journal: %s", verb, result)
		}
		if verb == "rollback" {
			saysAll(t, verb, said, []string{"newer", "upgrade"})
		}
		now := kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "get", journalOf(t, "london"), "-o", "yaml")
		if !strings.Contains(now, `"version": 9`) {
			t.Errorf("%s rewrote the journal", verb)
		}
	}
	if now := factsOf(t, "london"); now.On != before.On || !now.retained() {
		t.Errorf("the region has changed: %+v, before: %+v", now, before)
	}
}
