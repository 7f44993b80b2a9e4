package cmd

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
)

// optionsOf returns the options that a verb parses from a command line, without running the verb.
func optionsOf[O any](verb func(Environment, func(context.Context, O) error) *cobra.Command, args ...string) (O, error) {
	var got O
	cmd := verb(Environment{Getenv: func(string) string { return "" }}, func(_ context.Context, options O) error {
		got = options
		return nil
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	return got, cmd.Execute()
}

func TestFlagsBecomeTargets(t *testing.T) {
	sixteen := 16
	for name, test := range map[string]struct {
		args []string
		want targets
	}{
		"none": {nil, targets{requestTimeout: 20 * time.Second}},
		"a file": {
			[]string{"-f", "fleet.yaml", "--region", "sydney", "--region=a,b", "-l", "a=b,c", "--exclude", "x,y", "--exclude", "z*", "--concurrency", "9", "--max-parallel", "7", "--max-failures", "0", "--skip-unreachable"},
			targets{requestTimeout: 20 * time.Second, concurrency: 9, skipUnreachable: true, flags: fleet.Flags{
				Filename: "fleet.yaml", Regions: []string{"sydney", "a,b"}, Selector: "a=b,c", Exclude: []string{"x,y", "z*"}, MaxParallel: 7, MaxFailures: new(int),
			}},
		},
		"numbers in hexadecimal": {
			[]string{"--max-failures", "0x10"}, targets{requestTimeout: 20 * time.Second, flags: fleet.Flags{MaxFailures: &sixteen}},
		},
		"a region": {
			[]string{
				"--context", "sydney", "-n", "edge", "--release", "sat", "--access-url", "https://x",
				"--provider", "p", "--provider", "q", "--provider-context", "q=perth", "--connect-to", "h:1", "--canary", "none",
				"--chart", "c", "--repo", "https://r", "--chart-version", "1", "--values", "a.yaml", "--values", "b.yaml",
				"--set", "a=b,c=d", "--set", "e={f,g}", "--set-string", "s=1", "--set-file", "f=x", "--set-json", "j=[]",
				"--kubeconfig", "k", "--coder-url", "https://coder", "--coder-token-file", "t", "--coder-ca-file", "ca", "--request-timeout", "3s",
			},
			targets{kubeconfig: "k", tokenFile: "t", requestTimeout: 3 * time.Second, flags: fleet.Flags{
				Contexts: []string{"sydney"}, Namespace: "edge", Release: "sat", AccessURL: "https://x",
				Providers: []string{"p", "q"}, ProviderContexts: []string{"q=perth"}, ConnectTo: "h:1", Canary: "none",
				Chart: "c", Repo: "https://r", ChartVersion: "1", ValueFiles: []string{"a.yaml", "b.yaml"}, Sets: values.Options{Values: []string{"a=b,c=d", "e={f,g}"}, StringValues: []string{"s=1"}, FileValues: []string{"f=x"}, JSONValues: []string{"j=[]"}},
				CoderURL: "https://coder", CAFile: "ca",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := optionsOf(newMigrate, test.args...)
			test.want.needs = needs{regions: true, accessURL: true, chart: true, reports: true, changes: true, switches: true, measures: true, paced: true, exits: fmt.Sprint(exitPartlyFailed, exitLockHeld, exitTimedOut)}
			test.want.flags.Changes, test.want.flags.Paced = true, true
			if test.want.kubeconfig != "" {
				test.want.flags.Further = []string{"--coder-token-file", "t", "--kubeconfig", "k"}
			}
			got.env = Environment{} // cannot be compared, since it holds functions
			if diff := cmp.Diff(test.want, got.targets, cmp.AllowUnexported(targets{}, needs{}, Environment{})); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFlagsBecomeRun(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		yes  bool
		want migration.Options
	}{
		"none": {nil, false, migration.Options{
			Timeout: time.Hour, StepTimeout: 15 * time.Minute, LockDuration: lock.DefaultDuration, EvidenceDir: evidenceDir(),
		}},
		"all": {
			[]string{
				"-y", "--timeout", "1m", "--step-timeout", "1s", "--lock-duration", "1m", "--no-rollback", "--evidence-dir", "e", "--reason", "why",
				"--events", "log",
			},
			true, migration.Options{
				Timeout: time.Minute, StepTimeout: time.Second, LockDuration: time.Minute, NoRollback: true, EvidenceDir: "e", Reason: "why",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := optionsOf(newRetain, test.args...)
			if diff := cmp.Diff(test.want, got.run); diff != "" || got.yes != test.yes || (got.events == "log") != test.yes || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// What each verb requires of its regions (an access URL or none), and which operation it runs.
func TestOperationsOfVerbs(t *testing.T) {
	for name, test := range map[string]struct {
		verb       func(Environment, func(context.Context, operationOptions) error) *cobra.Command
		args       []string
		operation  string
		imperative string
		accessURL  bool
	}{
		"migrate":  {newMigrate, nil, "migrate", "Migrate", true},
		"rollback": {newRollback, []string{"--networking-v2-was", "on"}, "rollback", "Roll back", false},
		"by force": {newRollback, []string{"--force", "--reason", "why"}, "rollback", "Roll back", false},
		"retain":   {newRetain, nil, "retain", "Retain the legacy release of", false},
		"remove":   {newRemove, []string{"--force", "--reason", "why"}, "remove", "Remove the satellite of", false},
		"finalize": {newFinalize, nil, "finalize", "Remove the legacy release of", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := optionsOf(test.verb, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			if got.operation.Name != test.operation || got.imperative != test.imperative || got.planned != nil {
				t.Errorf("%s, %q, planned %v", got.operation.Name, got.imperative, got.planned)
			}
			if got.flags.AccessURLOptional == test.accessURL || got.print == nil {
				t.Errorf("access URL optional: %t, no printer: %t", got.flags.AccessURLOptional, got.print == nil)
			}
		})
	}
}

// The options of the remaining verbs, with each verb's own flags set.
func TestFlagsBecomeOptions(t *testing.T) {
	plan, err := optionsOf(newPlan, "--detailed-exitcode", "--diff=false", "--skip-unreachable")
	if err != nil || !plan.skipUnreachable || !plan.detailed || plan.diff || plan.flags.AccessURLOptional {
		t.Errorf("plan: %+v, %v", plan, err)
	}
	status, err := optionsOf(newStatus, "-w", "--interval", "1m", "--timeout", "2s", "--expect", "planned")
	if err != nil || !status.watch || status.expect != health.ExpectPlanned || status.every != time.Minute || status.timeout != 2*time.Second || !status.flags.AccessURLOptional {
		t.Errorf("status: %+v, %v", status, err)
	}
	verified, err := optionsOf(newVerify, "--workspace", "w", "--pings", "1000", "--max-loss", "0%", "--timeout", "2s")
	want := verify.Options{Workspace: "w", Pings: maxPings}
	if err != nil || verified.region != want || verified.timeout != 2*time.Second || verified.flags.AccessURLOptional {
		t.Errorf("verify: %+v, %v", verified, err)
	}
	past, err := optionsOf(newHistory, "-f", "fleet.yaml", "-o", "wide")
	if err != nil || past.flags.Filename != "fleet.yaml" || past.print == nil || !past.flags.AccessURLOptional {
		t.Errorf("history: %+v, %v", past, err)
	}
	unlocked, err := optionsOf(newUnlock, "--reason", "why", "--force", "-y")
	if err != nil || unlocked.reason != "why" || !unlocked.force || !unlocked.yes || !unlocked.flags.AccessURLOptional {
		t.Errorf("unlock: %+v, %v", unlocked, err)
	}
	approved, err := optionsOf(newApprove, "-f", "fleet.yaml", "--wave", "emea", "--reason", "why", "-y")
	if err != nil || approved.reason != "why" || !approved.yes || approved.flags.Wave != "emea" || !approved.flags.AccessURLOptional {
		t.Errorf("approve: %+v, %v", approved, err)
	}
	found, err := optionsOf(newDiscover, "--context", "a", "--context", "b", "-o", "json")
	if err != nil || !cmp.Equal(found.contexts, []string{"a", "b"}) || found.format != "json" || found.needs.regions {
		t.Errorf("discover: %+v, %v", found, err)
	}
	if found, err = optionsOf(newDiscover, "--all-contexts"); err != nil || found.contexts != nil || found.format != "" {
		t.Errorf("discover --all-contexts: %+v, %v", found, err)
	}
	version, err := optionsOf(newVersion, "--primary", "--kubeconfig", "k")
	if err != nil || !version.primary || version.kubeconfig != "k" || version.needs != (needs{}) {
		t.Errorf("version: %+v, %v", version, err)
	}
	roles, err := optionsOf(newRBAC, "--verb", "plan", "--name", "n", "--user", "u", "--serviceaccount", "ns:sa", "--restore")
	if err != nil || !cmp.Equal(roles.verbs, []string{"plan"}) || roles.name != "n" || len(roles.subjects) != 2 || !roles.restore {
		t.Errorf("rbac: %+v, %v", roles, err)
	}
	roles, err = optionsOf(newRBAC, "--legacy-namespace", "l")
	if err != nil || !cmp.Equal(roles.verbs, migration.RightsVerbs()) || roles.legacyNamespace != "l" || !roles.flags.AccessURLOptional {
		t.Errorf("rbac for all verbs: %+v, %v", roles, err)
	}
}

// flagsOf returns a function that parses a command line and returns only the verb's error about
// its flags.
func flagsOf[O any](verb func(Environment, func(context.Context, O) error) *cobra.Command) func(args ...string) error {
	return func(args ...string) error {
		_, err := optionsOf(verb, args...)
		return err
	}
}

// Flags that contradict each other, or that make no sense, are refused before any request is
// sent.
func TestFlagsThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		verb func(args ...string) error
		args []string
		says string
	}{
		{
			flagsOf(newMigrate), []string{"-f", "-", "--plan", "-"},
			"--plan and --filename cannot both be standard input: give one of them as a file",
		},
		{flagsOf(newRetain), []string{"--timeout", "-1s"}, "--timeout is -1s: it must be 0, for no limit, or more"},
		{flagsOf(newRetain), []string{"--step-timeout", "-1s"}, "--step-timeout is -1s: it must be 0, for no limit, or more"},
		{flagsOf(newFinalize), []string{"--lock-duration", "0"}, "--lock-duration is 0s: it must be more than 0"},
		{flagsOf(newPlan), []string{"--request-timeout", "-1"}, `--request-timeout is "-1": it must be a number of seconds or a time like 5s or 2m; 0 for no limit`},
		{flagsOf(newStatus), []string{"--concurrency", "0"}, "--concurrency: is 0, must be 1 or more"},
		{flagsOf(newRollback), []string{"--force"}, "--force needs a reason: give one with --reason"},
		{flagsOf(newRollback), []string{"--networking-v2-was", "On"}, `--networking-v2-was is "On": it must be on or off`},
		{flagsOf(newRemove), []string{"--force"}, "--force needs a reason: give one with --reason"},
		{
			flagsOf(newStatus), []string{"--timeout", "0", "--interval", "-1s"},
			"--timeout is 0s: it must be more than 0\n--interval is -1s: it must be more than 0",
		},
		{flagsOf(newVerify), []string{"--timeout", "0"}, "--timeout is 0s: it must be more than 0"},
		{flagsOf(newVerify), []string{"--pings", "1001"}, "--pings is 1001: it must be from 1 to 1000"},
		{flagsOf(newUnlock), []string{"--force"}, "unlock needs a reason: give one with --reason"},
		{flagsOf(newDiscover), nil, "name contexts with --context, or take them all with --all-contexts"},
		{flagsOf(newDiscover), []string{"--all-contexts", "--context", "a"}, "--all-contexts and --context cannot be used together"},
		{flagsOf(newRBAC), []string{"--serviceaccount", "sa"}, `--serviceaccount "sa": want NAMESPACE:NAME`},
		{flagsOf(newRBAC), []string{"-o", "table"}, `-o "table": choose yaml or json`},
	} {
		if code, message := ExitCode(test.verb(test.args...)); code != exitUsage || message != test.says {
			t.Errorf("%v: exit code %d, %q; want %q", test.args, code, message, test.says)
		}
	}
}
