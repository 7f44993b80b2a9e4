package cmd

import (
	"bytes"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// A context may have any name, so a command to paste quotes it: the shell must not run a part of
// it.
func TestMayActQuotes(t *testing.T) {
	_, message := ExitCode(mayAct(t.Context(), Environment{}, "Migrate?", true, "a; rm -r ~"))
	if !strings.Contains(message, "--context 'a; rm -r ~' ") {
		t.Error(message)
	}
}

// Without a terminal there is no question: --yes is required, and the context must be named rather
// than the kubeconfig's current one. The scripts in testdata/script test the answers on a terminal.
func TestMayAct(t *testing.T) {
	for name, test := range map[string]struct {
		yes     bool
		current string
		code    int
		says    string
	}{
		"yes, named":       {yes: true},
		"yes, current":     {yes: true, current: "sydney", code: exitUsage, says: "--context sydney"},
		"asked, named":     {code: exitUsage, says: "--yes"},
		"asked, current":   {current: "sydney", code: exitUsage, says: "no terminal"},
		"yes in the input": {code: exitUsage, says: "no terminal"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked bytes.Buffer
			env := Environment{IOStreams: genericiooptions.IOStreams{In: strings.NewReader("yes\n"), ErrOut: &asked}}
			code, message := ExitCode(mayAct(t.Context(), env, "Migrate?", test.yes, test.current))
			if code != test.code || !strings.Contains(message, test.says) || asked.Len() > 0 {
				t.Errorf("%d, %q, asked %q", code, message, asked.String())
			}
		})
	}
}
