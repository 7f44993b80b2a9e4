package cmd

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// parsed are the flags of regions and of a run, as a verb defines them.
func parsed(t *testing.T, args ...string) (*targets, *runFlags) {
	t.Helper()
	targets, run, cmd := &targets{}, &runFlags{}, &cobra.Command{}
	targets.addTo(cmd)
	targets.addChartTo(cmd.Flags())
	run.addTo(cmd.Flags())
	run.addReasonTo(cmd.Flags())
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return targets, run
}

func TestFlagsBecomeTargets(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want targets
	}{
		"none": {nil, targets{requestTimeout: 20 * time.Second}},
		"a file": {
			[]string{"-f", "fleet.yaml", "--region", "sydney", "--region=a,b"},
			targets{requestTimeout: 20 * time.Second, flags: fleet.Flags{Filename: "fleet.yaml", Regions: []string{"sydney", "a,b"}}},
		},
		"a region": {
			[]string{
				"--context", "sydney", "-n", "edge", "--release", "sat", "--access-url", "https://x", "--provider", "p", "--connect-to", "h:1", "--canary", "none",
				"--chart", "c", "--repo", "https://r", "--chart-version", "1", "--values", "a.yaml", "--values", "b.yaml", "--set", "a=b,c=d", "--set", "e={f,g}",
				"--kubeconfig", "k", "--coder-url", "https://coder", "--coder-token-file", "t", "--coder-ca-file", "ca", "--request-timeout", "3s",
			},
			targets{kubeconfig: "k", tokenFile: "t", requestTimeout: 3 * time.Second, flags: fleet.Flags{
				Contexts: []string{"sydney"}, Namespace: "edge", Release: "sat", AccessURL: "https://x", Provider: "p", ConnectTo: "h:1", Canary: "none",
				Chart: "c", Repo: "https://r", ChartVersion: "1", ValueFiles: []string{"a.yaml", "b.yaml"}, Sets: []string{"a=b,c=d", "e={f,g}"},
				CoderURL: "https://coder", CAFile: "ca",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := parsed(t, test.args...)
			if diff := cmp.Diff(test.want, *got, cmp.AllowUnexported(targets{}), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "env" }, cmp.Ignore())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFlagsBecomeOptions(t *testing.T) {
	defaults := migration.Options{Timeout: time.Hour, StepTimeout: 15 * time.Minute, LockDuration: lock.DefaultDuration, EvidenceDir: evidenceDir()}
	all := migration.Options{Timeout: time.Minute, StepTimeout: time.Second, LockDuration: time.Minute, NoRollback: true, EvidenceDir: "e", Reason: "why"}
	for name, test := range map[string]struct {
		args                     []string
		want                     migration.Options
		yes                      bool
		maxParallel, maxFailures int
	}{
		"none": {want: defaults},
		"all": {
			args: []string{
				"-y", "--timeout", "1m", "--step-timeout", "1s", "--lock-duration", "1m", "--no-rollback", "--evidence-dir", "e",
				"--reason", "why", "--max-parallel", "7", "--max-failures", "2",
			},
			want: all, yes: true, maxParallel: 7, maxFailures: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := parsed(t, test.args...)
			if diff := cmp.Diff(test.want, got.options); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.yes != test.yes || got.maxParallel != test.maxParallel || got.maxFailures != test.maxFailures || got.check() != nil {
				t.Errorf("%+v: %v", got, got.check())
			}
		})
	}
}

// A rollout has the fleet's regions and rules, and a run's own name.
func TestRollout(t *testing.T) {
	_, run := parsed(t, "--no-rollback", "--reason", "why")
	primary, err := coder.New(coder.Config{URL: "https://coder.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	closed := errors.New("there is no cluster")
	survey, err := snapshot.NewSurvey(snapshot.Config{Primary: primary, Clock: clock.RealClock{}, Regions: []snapshot.RegionConfig{
		{Region: fleet.Region{Name: "a"}, NoAccess: closed}, {Region: fleet.Region{Name: "b"}, NoAccess: closed},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &connection{fleet: &fleet.Fleet{Waves: [][]string{{"a"}, {"b"}}, MaxParallel: 3, MaxFailures: 1}, survey: survey}
	rollout := run.rollout(c, Environment{Clock: clock.RealClock{}}, migration.Migrate(), nil)
	if rollout.MaxParallel != 3 || rollout.MaxFailures != 1 || !cmp.Equal(rollout.Waves, c.fleet.Waves) || len(rollout.Survey.Sources()) != 2 {
		t.Errorf("%+v", rollout)
	}
	if rollout.Survey != survey || rollout.Operation.Name != "migrate" || !rollout.Options.NoRollback || rollout.Options.Reason != "why" || len(rollout.Options.RunID) != 8 {
		t.Errorf("%+v", rollout.Options)
	}
	if again := run.rollout(c, Environment{}, migration.Migrate(), nil); again.Options.RunID == rollout.Options.RunID {
		t.Error("two runs have one name")
	}
}

// Every verb that acts on regions takes the flags that name them; those that
// change them also take --yes, and nothing that does not install takes a chart.
func TestVerbsTakeTheirFlags(t *testing.T) {
	regions := []string{"filename", "region", "context", "namespace", "release", "access-url", "provider", "connect-to", "canary", "kubeconfig", "coder-url", "coder-token-file", "coder-ca-file", "request-timeout"}
	run := []string{"yes", "timeout", "step-timeout", "lock-duration", "no-rollback", "evidence-dir", "max-parallel", "max-failures"}
	chart := []string{"chart", "repo", "chart-version", "values", "set"}
	root := NewRoot(Environment{})
	for verb, want := range map[string][]string{
		"plan":     slices.Concat(regions, chart, []string{"detailed-exitcode", "diff", "output"}),
		"migrate":  slices.Concat(regions, chart, run, []string{"plan", "output"}),
		"status":   slices.Concat(regions, []string{"watch", "interval", "timeout", "output"}),
		"rollback": slices.Concat(regions, run, []string{"remove-satellite", "force", "reason", "networking-v2-was", "output"}),
		"retain":   slices.Concat(regions, run, []string{"reason", "output"}),
		"remove":   slices.Concat(regions, run, []string{"force", "reason", "output"}),
		"finalize": slices.Concat(regions, run, []string{"reason", "output"}),
		"unlock":   slices.Concat(regions, []string{"reason", "force", "yes"}),
		"discover": {"context", "all-contexts", "kubeconfig", "coder-url", "coder-token-file", "coder-ca-file", "request-timeout", "output"},
		"explain":  {"output"},
		"version":  {"primary", "kubeconfig", "coder-url", "coder-token-file", "coder-ca-file", "request-timeout", "output"},
	} {
		cmd, _, err := root.Find([]string{verb})
		if err != nil || cmd.Name() != verb {
			t.Errorf("%s is no verb: %v", verb, err)
			continue
		}
		for _, name := range want {
			if cmd.Flags().Lookup(name) == nil {
				t.Errorf("%s does not take --%s", verb, name)
			}
		}
		for _, name := range slices.Concat(run, chart) {
			if cmd.Flags().Lookup(name) != nil && !slices.Contains(want, name) {
				t.Errorf("%s takes --%s, which means nothing to it", verb, name)
			}
		}
		if !strings.Contains(cmd.Example, "kubectl coder-satellite "+verb) || cmd.Short == "" || cmd.Long == "" {
			t.Errorf("%s is not described", verb)
		}
	}
}

// Every flag of every verb says what it does, in one line, and none takes a token.
func TestEveryFlagIsDescribed(t *testing.T) {
	for _, verb := range NewRoot(Environment{}).Commands() {
		usages := verb.Flags().FlagUsages()
		for line := range strings.Lines(usages) {
			if fields := strings.Fields(line); len(fields) < 3 {
				t.Errorf("%s: a flag is not described: %s", verb.Name(), line)
			}
		}
		for _, name := range []string{"token", "coder-token", "password"} {
			if verb.Flags().Lookup(name) != nil {
				t.Errorf("%s takes --%s, which would be in the list of processes", verb.Name(), name)
			}
		}
	}
}
