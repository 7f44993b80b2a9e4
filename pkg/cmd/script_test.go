package cmd

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// token is the token in all scripts. No output may contain it.
const token = "sesame-0815"

// kubeconfig has two clusters that do not answer.
const kubeconfig = `apiVersion: v1
kind: Config
current-context: sydney
clusters:
- {name: sydney, cluster: {server: "https://127.0.0.1:1"}}
- {name: london, cluster: {server: "https://127.0.0.1:2"}}
contexts:
- {name: sydney, context: {cluster: sydney, user: me}}
- {name: london, context: {cluster: london, user: me}}
- {name: torn, context: {cluster: gone, user: me}}
users:
- {name: me, user: {}}
`

// TestScripts runs command lines of the plugin without a cluster. The script command `exits CODE
// PROGRAM ...` runs a program and compares its exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "kubeconfig"))
			env.Setenv("CODER_URL", "https://127.0.0.1:1")
			env.Setenv("CODER_TOKEN", token)
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("NO_COLOR", "1")
			return os.WriteFile(filepath.Join(env.WorkDir, "kubeconfig"), []byte(kubeconfig), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program, compares its exit code, and fails if the output contains the token.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got, failure := 0, new(exec.ExitError)
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &failure):
		got = failure.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
	if strings.Contains(ts.ReadFile("stdout")+ts.ReadFile("stderr"), token) {
		ts.Fatalf("%s shows the token", strings.Join(args[1:], " "))
	}
}
