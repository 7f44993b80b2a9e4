package snapshot_test

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestInstalledURLs(t *testing.T) {
	values := func(satellite any) map[string]any {
		return map[string]any{"coderd": map[string]any{"satellite": satellite}}
	}
	urls := map[string]any{"primaryURL": "https://Coder.example.com:443/", "accessURL": "https://coder-sydney.example.com/"}
	for name, test := range map[string]struct {
		state           satellite.State
		primary, access string
	}{
		"as documented": {satellite.State{Installed: true, Values: values(urls)}, "https://coder.example.com", "https://coder-sydney.example.com"},
		"not deployed":  {satellite.State{Values: values(urls)}, "", ""},
		"no values":     {satellite.State{Installed: true}, "", ""},
		"odd values":    {satellite.State{Installed: true, Values: values([]any{"x"})}, "", ""},
		"of other kind": {satellite.State{Installed: true, Values: values(map[string]any{"primaryURL": 7, "accessURL": nil})}, "", ""},
	} {
		s := &snapshot.Snapshot{Satellite: snapshot.Known(test.state)}
		if s.InstalledPrimary() != test.primary || s.InstalledAccessURL() != test.access {
			t.Errorf("%s: %q and %q", name, s.InstalledPrimary(), s.InstalledAccessURL())
		}
	}
	if unknown := (&snapshot.Snapshot{}); unknown.InstalledPrimary() != "" || unknown.InstalledAccessURL() != "" || unknown.JournalPrimary() != "" {
		t.Error("an unknown journal has a URL")
	}
}

// A journal names the primary as long as anything of the migration is left.
func TestJournalPrimary(t *testing.T) {
	const primary = "https://coder.example.com"
	for name, test := range map[string]struct {
		record    *journal.Record
		revisions int
		want      string
	}{
		"none":              {nil, 1, ""},
		"of an old version": {&journal.Record{Before: &journal.Before{}}, 1, ""},
		"installed":         {&journal.Record{Primary: primary + "/"}, 1, primary},
		"begun":             {&journal.Record{Primary: primary, Before: &journal.Before{}}, 0, primary},
		"registered":        {&journal.Record{Primary: primary, RegistrationID: "r"}, 0, primary},
		"nothing is left":   {&journal.Record{Primary: primary}, 0, ""},
	} {
		s := &snapshot.Snapshot{SatelliteJournal: snapshot.Known(test.record), Satellite: snapshot.Known(satellite.State{LastRevision: test.revisions})}
		if got := s.JournalPrimary(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	other := &journal.Record{Primary: "https://other.example.com", Before: &journal.Before{}}
	s := &snapshot.Snapshot{ProviderJournal: snapshot.Known(other), SatelliteJournal: snapshot.Known(&journal.Record{Primary: primary, RegistrationID: "r"})}
	if got := s.JournalPrimary(); got != other.Primary {
		t.Errorf("of a provider that was migrated: %q", got)
	}
}
