package cmd

import (
	"slices"
	"strings"
	"testing"
)

// Every verb that acts on regions has the flags that name them. Verbs that change regions also
// have --yes, and only verbs that install something have flags for a chart.
func TestVerbsTakeTheirFlags(t *testing.T) {
	regions := []string{
		"filename", "region", "context", "namespace", "release", "access-url", "provider", "provider-context", "satellite", "connect-to", "canary",
		"kubeconfig", "coder-url", "coder-token-file", "coder-ca-file", "request-timeout",
	}
	run := []string{"yes", "timeout", "step-timeout", "lock-duration", "no-rollback", "evidence-dir", "events", "max-parallel", "max-failures"}
	chart := []string{"chart", "repo", "chart-version", "values", "set"}
	root := NewRoot(Environment{})
	for verb, want := range map[string][]string{
		"plan":     slices.Concat(regions, chart, []string{"detailed-exitcode", "diff", "whole-regions", "output"}),
		"migrate":  slices.Concat(regions, chart, run, []string{"plan", "whole-regions", "output"}),
		"status":   slices.Concat(regions, []string{"watch", "interval", "timeout", "expect", "output"}),
		"rollback": slices.Concat(regions, run, []string{"remove-satellite", "force", "reason", "networking-v2-was", "output"}),
		"retain":   slices.Concat(regions, run, []string{"reason", "output"}),
		"remove":   slices.Concat(regions, run, []string{"force", "reason", "output"}),
		"finalize": slices.Concat(regions, run, []string{"reason", "output"}),
		"history":  slices.Concat(regions, []string{"output"}),
		"approve":  slices.Concat(regions, []string{"wave", "reason", "yes"}),
		"unlock":   slices.Concat(regions, []string{"reason", "force", "yes"}),
		"discover": {"context", "all-contexts", "kubeconfig", "coder-url", "coder-token-file", "coder-ca-file", "request-timeout", "output"},
		"explain":  {"output"},
		"version":  {"primary", "kubeconfig", "coder-url", "coder-token-file", "coder-ca-file", "request-timeout", "output"},
	} {
		cmd, _, err := root.Find([]string{verb})
		if err != nil || cmd.Name() != verb {
			t.Errorf("%s is not a verb: %v", verb, err)
			continue
		}
		for _, name := range want {
			if cmd.Flags().Lookup(name) == nil {
				t.Errorf("%s does not have the flag --%s", verb, name)
			}
		}
		for _, name := range slices.Concat(run, chart) {
			if cmd.Flags().Lookup(name) != nil && !slices.Contains(want, name) {
				t.Errorf("%s has the flag --%s, which it does not use", verb, name)
			}
		}
		if !strings.Contains(cmd.Example, "kubectl coder-satellite "+verb) || cmd.Short == "" || cmd.Long == "" {
			t.Errorf("%s is not described", verb)
		}
	}
}

// Every flag of every verb has a description of one line, and no flag accepts a token.
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
				t.Errorf("%s has the flag --%s, whose value would show in the list of processes", verb.Name(), name)
			}
		}
	}
}
