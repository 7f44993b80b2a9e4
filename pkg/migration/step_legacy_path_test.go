package migration

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A rollback waits until envproxy answers, and says what prevents it. Without an access URL,
// envproxy cannot be probed.
func TestEnvproxyAnswers(t *testing.T) {
	state := func(change func(*snapshot.Legacy)) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { set(&s.Legacy, change) }
	}
	reached := func(url string, reach probe.Result) func(*snapshot.Snapshot) {
		return state(func(l *snapshot.Legacy) {
			l.AccessURL, l.Reach = url, reach
		})
	}
	refused := probe.Result{Stage: "TCP", Err: errNothing}
	problems := state(func(l *snapshot.Legacy) {
		l.Readiness = legacy.Readiness{Problems: []string{"a Role is gone", "no pods"}}
	})
	for name, test := range map[string]struct {
		but   func(*snapshot.Snapshot)
		force bool
		want  string // part of the error; empty if it answers
	}{
		"ready":                 {func(*snapshot.Snapshot) {}, false, ""},
		"it answers":            {reached("https://x", probe.Result{}), false, ""},
		"it is refused":         {reached("https://x", refused), false, "https://x does not answer: TCP: nothing answers"},
		"it is refused, forced": {reached("https://x", refused), true, "https://x does not answer: TCP: nothing answers"},
		"of no URL":             {reached("", refused), false, ""},
		"problems":              {problems, false, "a Role is gone; no pods"},
		"problems, forced":      {problems, true, ""},
		"unknown":               {noCluster, false, "nothing answers"},
		"no release":            {noLegacy, false, "no legacy release was found"},
		"no release, forced":    {noLegacy, true, "no legacy release was found"},
		"none, at the primary":  {atPrimary, false, ""},
	} {
		s := migrated(t)
		test.but(s)
		if got := words(envproxyAnswers(s, test.force)); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
