package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// exampleOrder is the order in which the verbs' examples work on one lab. A verb that is missing
// here fails the test: add it where its examples can run.
var exampleOrder = []string{
	"version", "explain", "options", "completion", "completion kubectl", "completion bash", "completion zsh", "completion fish", "completion powershell",
	"discover", "rbac", "export", "export flux", "export argocd", "export jobs", "plan", "retain", "unlock", "approve", "migrate", "verify", "status", "workspaces", "workspaces rebuild", "report", "report serve", "report notice", "support-bundle", "history", "rollback", "remove", "finalize",
}

// asks are the verbs that ask before they act. A test cannot answer.
var asks = []string{"migrate", "rollback", "retain", "remove", "finalize", "unlock", "approve", "export jobs", "workspaces rebuild"}

// TestExamples runs every example in the help of every verb. It uses its own lab, since some
// examples remove things for good. Each must succeed.
func TestExamples(t *testing.T) {
	own, err := inlab.Up("--build-time", "300ms", "--regions", "sydney,london")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Down(); err != nil {
			t.Error(err)
		}
	})
	found := helpOf(t, own, "")
	for verb := range found {
		if !slices.Contains(exampleOrder, verb) {
			t.Errorf("%q is not in exampleOrder", verb)
		}
	}
	ran := 0
	for _, verb := range exampleOrder {
		text, ok := found[verb]
		if !ok {
			continue // not every build has every verb
		}
		paragraphs := examplesIn(text)
		if len(paragraphs) == 0 {
			t.Errorf("the help of %q has no example", verb)
		}
		if verb == "finalize" {
			toFinalize(t, own)
		}
		for _, paragraph := range paragraphs {
			dir := exampleDir(t, own)
			if verb == "approve" || verb == "export jobs" {
				withRollout(t, dir)
			}
			for _, line := range paragraph {
				ran++
				runExample(t, own, dir, verb, line)
			}
		}
	}
	t.Logf("%d examples of %d verbs", ran, len(found))
}

// toFinalize prepares the lab for finalize: every region uses its satellite, and the primary no
// longer supports the legacy path.
func toFinalize(t *testing.T, own *inlab.Lab) {
	t.Helper()
	for _, version := range []string{"1.21.7", "1.22.3"} {
		if err := own.SetVersion(version); err != nil {
			t.Fatal(err)
		}
		if result := own.Plugin(t.Context(), "migrate", "-f", "fleet.yaml", "--yes"); result.Code != 0 {
			t.Fatalf("migrate for v%s: %s", version, result)
		}
	}
}

// helpOf returns the help of a command's verbs and their subcommands, by name.
func helpOf(t *testing.T, own *inlab.Lab, command string) map[string]string {
	t.Helper()
	result := own.Plugin(t.Context(), append(strings.Fields(command), "--help")...)
	if result.Code != 0 {
		t.Fatalf("help of %q: %s", command, result)
	}
	found := map[string]string{}
	if command != "" {
		found[command] = result.Stdout
	}
	_, list, _ := strings.Cut(result.Stdout, "Available Commands:\n")
	for line := range strings.SplitSeq(list, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			break
		}
		if fields[0] == "help" {
			continue
		}
		for verb, text := range helpOf(t, own, strings.TrimSpace(command+" "+fields[0])) {
			found[verb] = text
		}
	}
	return found
}

// examplesIn returns the lines of the examples in a help text, by paragraph.
func examplesIn(help string) [][]string {
	_, text, ok := strings.Cut(help, "Examples:\n")
	if !ok {
		return nil
	}
	var paragraphs [][]string
	fresh := true
	for line := range strings.SplitSeq(text, "\n") {
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "":
			fresh = true
		case !strings.HasPrefix(line, " "):
			return paragraphs // the next section begins
		case strings.HasPrefix(trimmed, "#"):
		case fresh:
			paragraphs, fresh = append(paragraphs, []string{trimmed}), false
		default:
			last := len(paragraphs) - 1
			paragraphs[last] = append(paragraphs[last], trimmed)
		}
	}
	return paragraphs
}

// exampleDir creates a folder with the files that the examples name. It is also the home folder.
func exampleDir(t *testing.T, own *inlab.Lab) string {
	t.Helper()
	dir := t.TempDir()
	exampleFiles(t, own, dir)
	for _, bin := range []string{"bin", ".local/bin"} {
		if err := os.MkdirAll(filepath.Join(dir, bin), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(own.Bin, "kubectl-coder_satellite"), filepath.Join(dir, "bin", "kubectl-coder_satellite")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// exampleFiles writes the operator's files that the examples name.
func exampleFiles(t *testing.T, own *inlab.Lab, dir string) {
	t.Helper()
	for _, name := range []string{"fleet.yaml", "common.yaml", "ca.pem"} {
		copyFile(t, own.Path(name), filepath.Join(dir, name))
	}
	copyFile(t, own.Path("common.yaml"), filepath.Join(dir, "sydney.yaml"))
}

// withRollout gives the Fleet waves, of which the second needs an approval, and a home.
func withRollout(t *testing.T, dir string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(dir, "fleet.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString("rollout: {home: sydney, waves: [{regions: [sydney]}, {name: emea, approval: required}]}\n")
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// otherShell matches the plugin's command inside a line for a shell other than bash.
var otherShell = regexp.MustCompile(`kubectl coder-satellite completion (zsh|fish|powershell)`)

// inLab adapts a command to a lab: it replaces names and URLs by the lab's, and answers questions
// with --yes.
func inLab(own *inlab.Lab, command string) string {
	if inner := otherShell.FindString(command); inner != "" {
		command = inner
	}
	command = strings.NewReplacer(
		"https://coder-sydney.example.com", own.Region("sydney").AccessURL, "https://helm.coder.com", own.RepoURL,
	).Replace(command)
	if strings.HasPrefix(command, "kubectl coder-satellite ") && strings.Contains(command, "--access-url") && !strings.Contains(command, "--chart") && takesChart.MatchString(command) {
		command += " --chart coder --repo " + own.RepoURL
		if !strings.Contains(command, "--values") {
			command += " --values common.yaml"
		}
	}
	if strings.Contains(command, "coder-satellite report serve ") { // it runs until it is interrupted
		command = "timeout -s INT 2 " + command + " || test $? = 124"
	}
	// an earlier line may run another verb
	asked := slices.ContainsFunc(asks, func(verb string) bool { return strings.HasPrefix(command, "kubectl coder-satellite "+verb+" ") })
	if asked && !strings.Contains(command, "--yes") {
		command += " --yes"
	}
	return command
}

// takesChart matches the verbs with flags for the satellite's chart.
var takesChart = regexp.MustCompile(`coder-satellite (plan|migrate|finalize|rbac|export flux|export argocd) `)

// runExample runs a line of an example, adapted to the lab.
func runExample(t *testing.T, own *inlab.Lab, dir, verb, line string) {
	t.Helper()
	if result := runIn(t, own, dir, inLab(own, line)); result.Code != 0 {
		t.Errorf("an example of %s, %s: %s", verb, line, result)
	}
}

// runIn runs a bash script in a folder from exampleDir.
func runIn(t *testing.T, own *inlab.Lab, dir, script string) inlab.Result {
	path := strings.Join([]string{filepath.Join(dir, "bin"), own.Path("bin"), own.Bin, os.Getenv("PATH")}, string(os.PathListSeparator))
	env := []string{"PATH=" + path, "HOME=" + dir, "KUBE_EDITOR=true"}
	return own.Run(context.WithoutCancel(t.Context()), env, "bash", "-eu", "-o", "pipefail", "-c", "cd "+dir+"\n"+script)
}
