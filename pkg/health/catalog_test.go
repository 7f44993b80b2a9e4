package health_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Scripts refer to checks by ID, so an ID must not be renamed or dropped by accident.
func TestCatalog(t *testing.T) {
	var lines []string
	for _, check := range health.All() {
		when := "status"
		switch {
		case check.Info.Preflight && slices.Contains(ids(health.Status()), check.Info.ID):
			when = "status, preflight"
		case check.Info.Preflight:
			when = "preflight"
		}
		lines = append(lines, fmt.Sprintf("%-24s %-13s %-8s %s", check.Info.ID, check.Info.Category, check.Info.Severity, when))
	}
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "catalog.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the checks are not those of %s (-want +got):\n%s", golden, diff)
	}
}

func TestEveryCheckIsDescribed(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, check := range health.All() {
		info := check.Info
		if !form.MatchString(info.ID) || seen[info.ID] {
			t.Errorf("the ID %q is in use or empty", info.ID)
		}
		seen[info.ID] = true
		if info.Category == "" || info.Severity != v1alpha1.SeverityError && info.Severity != v1alpha1.SeverityWarning {
			t.Errorf("%s: category %q, severity %q", info.ID, info.Category, info.Severity)
		}
		if !strings.HasSuffix(info.Question, "?") || strings.Contains(info.Question, "\n") {
			t.Errorf("%s: not a question of one line: %q", info.ID, info.Question)
		}
		if !strings.HasSuffix(info.Explanation, ".") || len(info.Explanation) < 60 {
			t.Errorf("%s: not an explanation: %q", info.ID, info.Explanation)
		}
		if check.Evaluate == nil {
			t.Errorf("%s answers nothing", info.ID)
		}
	}
}

// Every check is used by status or the preflight, and both Find and Select find it.
func TestEveryCheckIsAsked(t *testing.T) {
	asked := append(ids(health.Status()), ids(health.Preflight())...)
	all := health.All()
	for _, check := range all {
		if !slices.Contains(asked, check.Info.ID) {
			t.Errorf("neither status nor preflight asks %s", check.Info.ID)
		}
		found, ok := health.Find(check.Info.ID)
		if diff := cmp.Diff(check.Info, found.Info); !ok || diff != "" {
			t.Errorf("Find(%q): %v, %s", check.Info.ID, ok, diff)
		}
	}
	if diff := cmp.Diff(ids(all), ids(health.Select(ids(all)...))); diff != "" {
		t.Errorf("selecting all (-want +got):\n%s", diff)
	}
	if got := ids(health.Select("canary", "primary-version", "no-such-check")); !cmp.Equal(got, []string{"primary-version", "canary"}) {
		t.Errorf("not in the order of reports: %v", got)
	}
	if _, ok := health.Find("no-such-check"); ok {
		t.Error("a check was found that does not exist")
	}
}

func ids(checks []health.Check) []string {
	var all []string
	for _, check := range checks {
		all = append(all, check.Info.ID)
	}
	return all
}
