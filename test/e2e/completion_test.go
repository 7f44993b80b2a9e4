package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// installCompleter has the plugin install the script that kubectl calls, and returns the
// environment in which kubectl finds it.
func installCompleter(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	result := plugin(t, 0, "completion", "kubectl", "--dir", dir)
	file := filepath.Join(dir, "kubectl_complete-coder_satellite")
	if result.Stdout != "wrote "+file+"\n" || !strings.Contains(result.Stderr, "not on the PATH") {
		t.Errorf("completion kubectl said: %s", result)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the script: %v, %v", info, err)
	}
	return []string{"PATH=" + strings.Join([]string{dir, lab.Path("bin"), lab.Bin, os.Getenv("PATH")}, string(os.PathListSeparator))}
}

// complete has the real kubectl complete the words after the plugin's name.
func complete(t *testing.T, env []string, words ...string) (offered []string, directive string, took time.Duration) {
	t.Helper()
	result := lab.Run(t.Context(), env, "kubectl", append([]string{"__complete", "coder-satellite"}, words...)...)
	lines := strings.Split(strings.TrimSpace(result.Stdout), "\n")
	if result.Code != 0 {
		t.Fatalf("kubectl __complete coder-satellite %q: %s", words, result)
	}
	for _, line := range lines[:len(lines)-1] {
		word, _, _ := strings.Cut(line, "\t")
		offered = append(offered, word)
	}
	return offered, lines[len(lines)-1], result.Took
}

// cobra's directives, which end an answer.
const (
	anyFile  = ":0"
	noFile   = ":4"
	noSpace  = ":6"
	byEnding = ":8"
	onlyDirs = ":16"
)

func TestCompletion(t *testing.T) {
	env := installCompleter(t)
	for name, test := range map[string]struct {
		words     []string
		want      []string // exactly these
		some      []string // these among others
		directive string
	}{
		"verbs":              {words: []string{"r"}, want: []string{"rbac", "remove", "report", "retain", "rollback"}, directive: noFile},
		"history":            {words: []string{"hi"}, want: []string{"history"}, directive: noFile},
		"no file as a verb":  {words: []string{""}, some: []string{"migrate", "status", "completion"}, directive: noFile},
		"no file after one":  {words: []string{"status", ""}, want: nil, directive: noFile},
		"flags":              {words: []string{"migrate", "--max"}, want: []string{"--max-affected", "--max-failures", "--max-gap", "--max-parallel"}, directive: noFile},
		"contexts":           {words: []string{"status", "--context", ""}, want: []string{"london", "ohio", "sydney"}, directive: noFile},
		"further contexts":   {words: []string{"discover", "--context", "ohio", "--context", ""}, want: []string{"london", "sydney"}, directive: noFile},
		"contexts elsewhere": {words: []string{"plan", "--kubeconfig", "/none", "--context", ""}, want: nil, directive: noFile},
		"regions":            {words: []string{"plan", "-f", "fleet.yaml", "--region", ""}, want: []string{"sydney", "london", "ohio"}, directive: noFile},
		"further regions":    {words: []string{"migrate", "--region=london", "-f", "fleet.yaml", "--region", "s"}, want: []string{"sydney"}, directive: noFile},
		"regions to leave":   {words: []string{"status", "-f", "fleet.yaml", "--exclude=ohio", "--exclude", ""}, want: []string{"sydney", "london"}, directive: noFile},
		"labels":             {words: []string{"status", "-f", "fleet.yaml", "-l", ""}, want: nil, directive: noFile},
		"regions of no file": {words: []string{"plan", "-f", "none.yaml", "--region", ""}, want: nil, directive: noFile},
		"regions of no -f":   {words: []string{"plan", "--region", ""}, want: nil, directive: noFile},
		"regions of stdin":   {words: []string{"plan", "-f", "-", "--region", ""}, want: nil, directive: noFile},
		"regions of no YAML": {words: []string{"plan", "-f", "ca.pem", "--region", ""}, want: nil, directive: noFile},
		"providers":          {words: []string{"plan", "--provider", ""}, want: []string{"london", "ohio", "sydney"}, directive: noFile},
		"canaries":           {words: []string{"plan", "--canary", ""}, want: []string{"auto", "none", "canary-london", "canary-ohio", "canary-sydney"}, directive: noFile},
		"workspaces":         {words: []string{"verify", "--workspace", ""}, want: []string{"canary-london", "canary-ohio", "canary-sydney"}, directive: noFile},
		"canaries begun":     {words: []string{"plan", "--canary", "canary-o"}, want: []string{"canary-ohio"}, directive: noFile},
		"checks":             {words: []string{"explain", "legacy-"}, want: []string{"legacy-found", "legacy-idle", "legacy-retained", "legacy-rollback-ready", "legacy-owner"}, directive: noFile},
		"only one check":     {words: []string{"explain", "canary", ""}, want: nil, directive: noFile},
		"formats":            {words: []string{"status", "-o", "j"}, some: []string{"json", "jsonpath="}, directive: noSpace},
		"formats of rbac":    {words: []string{"rbac", "-o", ""}, want: []string{"yaml", "json"}, directive: noFile},
		"expectations":       {words: []string{"status", "--expect", ""}, want: []string{"migrated", "planned"}, directive: noFile},
		"policies":           {words: []string{"migrate", "--gitops", ""}, want: []string{"refuse", "suspend", "wait"}, directive: noFile},
		"verbs of rbac":      {words: []string{"rbac", "--verb", ""}, some: []string{"migrate", "unlock"}, directive: noFile},
		"shells":             {words: []string{"completion", ""}, want: []string{"bash", "fish", "kubectl", "powershell", "zsh"}, directive: noFile},
		"Fleet files":        {words: []string{"status", "-f", ""}, want: []string{"yaml", "yml", "json"}, directive: byEnding},
		"any file":           {words: []string{"plan", "--chart", ""}, want: nil, directive: anyFile},
		"any file to append": {words: []string{"rollback", "--events", ""}, want: nil, directive: anyFile},
		"files to report on": {words: []string{"report", ""}, some: []string{"notice", "serve"}, directive: anyFile},
		"formats of report":  {words: []string{"report", "-o", ""}, want: []string{"html", "junit", "markdown", "prometheus"}, directive: noFile},
		"any file to report": {words: []string{"migrate", "--report", ""}, want: nil, directive: anyFile},
		"any file to pack":   {words: []string{"support-bundle", "--add", ""}, want: nil, directive: anyFile},
		"tools":              {words: []string{"export", ""}, want: []string{"argocd", "flux", "jobs"}, directive: noFile},
		"folders to fill":    {words: []string{"export", "flux", "--output-dir", ""}, want: nil, directive: onlyDirs},
		"folders":            {words: []string{"migrate", "--evidence-dir", ""}, want: nil, directive: onlyDirs},
		"nothing to offer":   {words: []string{"rollback", "--reason", ""}, want: nil, directive: noFile},
	} {
		t.Run(name, func(t *testing.T) {
			offered, directive, took := complete(t, env, test.words...)
			if len(test.some) == 0 {
				if diff := cmp.Diff(test.want, offered); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			for _, wanted := range test.some {
				if !slices.Contains(offered, wanted) {
					t.Errorf("%q is not among %q", wanted, offered)
				}
			}
			if directive != test.directive {
				t.Errorf("directive %s, want %s", directive, test.directive)
			}
			t.Logf("took %s", took.Round(time.Millisecond))
		})
	}
}

// TestCompletionWithoutPrimary: names that only the primary knows are left out within two
// seconds, without an error message.
func TestCompletionWithoutPrimary(t *testing.T) {
	env := installCompleter(t)
	quietly := func(t *testing.T, env []string) {
		t.Helper()
		for flag, want := range map[string][]string{"--provider": nil, "--canary": {"auto", "none"}} {
			offered, directive, took := complete(t, env, "plan", flag, "")
			if diff := cmp.Diff(want, offered); diff != "" || directive != noFile {
				t.Errorf("%s: directive %s (-want +got):\n%s", flag, directive, diff)
			}
			if took > 20*time.Second { // the primary's answers take a minute
				t.Errorf("%s: answered after %s", flag, took)
			}
			direct := lab.Run(t.Context(), env, "kubectl-coder_satellite", "__complete", "plan", flag, "")
			if strings.Contains(direct.Stderr, "rror") {
				t.Errorf("%s: it complains: %s", flag, direct)
			}
		}
	}
	t.Run("it hangs", func(t *testing.T) {
		if err := lab.AddFault(codertest.Fault{Path: "/api/**", Delay: time.Minute}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := lab.ClearFaults(); err != nil {
				t.Error(err)
			}
		})
		quietly(t, env)
	})
	t.Run("nobody answers", func(t *testing.T) { quietly(t, append(env, "CODER_URL=https://127.0.0.1:1")) })
	t.Run("nobody is logged in", func(t *testing.T) {
		quietly(t, append(env, "CODER_URL=", "CODER_TOKEN=", "XDG_CONFIG_HOME="+t.TempDir(), "CODER_CONFIG_DIR="+t.TempDir(), "HOME="+t.TempDir()))
	})
	t.Run("the token is wrong", func(t *testing.T) { quietly(t, append(env, "CODER_TOKEN=wrong")) })
}

// TestInstallCompleter: the script is installed next to the plugin by default. A second
// installation changes nothing, and another program's file is kept.
func TestInstallCompleter(t *testing.T) {
	beside := t.TempDir()
	if err := os.Symlink(filepath.Join(lab.Bin, "kubectl-coder_satellite"), filepath.Join(beside, "kubectl-coder_satellite")); err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + beside + string(os.PathListSeparator) + lab.Path("bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	install := func(t *testing.T, code int) inlab.Result {
		t.Helper()
		result := lab.Run(t.Context(), []string{path}, "kubectl", "coder-satellite", "completion", "kubectl")
		if result.Code != code {
			t.Fatalf("want exit code %d, got %s", code, result)
		}
		return result
	}
	file := filepath.Join(beside, "kubectl_complete-coder_satellite")
	if result := install(t, 0); result.Stdout != "wrote "+file+"\n" || result.Stderr != "" {
		t.Errorf("the first time: %s", result)
	}
	if offered, _, _ := complete(t, []string{path}, "migr"); !slices.Equal(offered, []string{"migrate"}) {
		t.Errorf("offered %q", offered)
	}
	if result := install(t, 0); result.Stdout != file+" is already in place\n" {
		t.Errorf("the second time: %s", result)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\necho mine\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if result := install(t, 1); !strings.Contains(result.Stderr, file) || !strings.Contains(result.Stderr, "--dir") {
		t.Errorf("over a foreign file: %s", result)
	}
	if content, err := os.ReadFile(file); err != nil || !strings.Contains(string(content), "mine") {
		t.Errorf("the foreign file is now: %s, %v", content, err)
	}
	plugin(t, 1, "completion", "kubectl", "--dir", filepath.Join(beside, "none"))
	plugin(t, 64, "completion", "tcsh")
}

// TestShellScripts: each shell accepts its script.
func TestShellScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if result := plugin(t, 0, "completion", shell); !strings.Contains(result.Stdout, "kubectl-coder_satellite") {
			t.Errorf("%s: the script does not name the plugin", shell)
		}
	}
	loaded := lab.Run(t.Context(), nil, "bash", "-c", `source <(kubectl coder-satellite completion bash) && complete -p kubectl-coder_satellite`)
	if loaded.Code != 0 || !strings.Contains(loaded.Stdout, "complete ") {
		t.Errorf("bash did not accept the script: %s", loaded)
	}
}
