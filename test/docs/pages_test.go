package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cmd"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/test/docs/pages"
)

const repository = "../.."

func written(t *testing.T) []pages.Page {
	t.Helper()
	all, err := pages.Written(repository)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// freshRoot returns a new command tree, whose flags no other test has set.
func freshRoot() *cobra.Command {
	return cmd.NewRoot(cmd.Environment{
		IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Getenv: func(string) string { return "" }, Clock: clock.RealClock{},
	})
}

// parses returns why the program does not accept the arguments; nil if it does.
func parses(args []string) error {
	verb, rest, err := freshRoot().Find(args)
	if err != nil {
		return err
	}
	verb.InitDefaultHelpFlag()
	if err := verb.ParseFlags(rest); err != nil {
		return err
	}
	return verb.ValidateArgs(verb.Flags().Args())
}

// The program accepts every command on every page. test/e2e runs those of the tested pages in a
// lab.
func TestCommandsOfPages(t *testing.T) {
	found := 0
	for _, page := range written(t) {
		var commands []string
		for _, block := range page.Blocks {
			switch block.Language {
			case "sh", "console":
				commands = append(commands, block.Commands()...)
			case "yaml":
				scripts, err := block.Scripts()
				if err != nil {
					t.Errorf("%s:%d: %v", page.Name, block.Line, err)
				}
				commands = append(commands, scripts...)
			}
		}
		for _, command := range append(commands, spansWithVerbs(page)...) {
			for _, args := range pages.Plugin(command) {
				found++
				if err := parses(args); err != nil {
					t.Errorf("%s: %s: %v", page.Name, command, err)
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d commands were found", found)
	}
}

// spansWithVerbs returns the inline commands in the text, also those that begin with the verb:
// `plan -o json > plan.json`.
func spansWithVerbs(page pages.Page) []string {
	var commands []string
	for _, span := range page.Spans() {
		words := strings.Fields(span)
		if len(words) > 1 && words[0] != "kubectl" && strings.HasPrefix(words[1], "-") {
			if verb, _, err := freshRoot().Find(words[:1]); err == nil && verb.HasParent() {
				span = "kubectl coder-satellite " + span
			}
		}
		commands = append(commands, span)
	}
	return commands
}

// A flag that a page mentions on its own belongs to some verb.
func TestFlagsOfPages(t *testing.T) {
	known := map[string]bool{"--help": true}
	var add func(*cobra.Command)
	add = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) { known["--"+f.Name] = true })
		for _, child := range c.Commands() {
			add(child)
		}
	}
	add(freshRoot())
	flag := regexp.MustCompile(`^--[a-z][a-z0-9-]*`)
	for _, page := range written(t) {
		for _, span := range page.Spans() {
			if name := flag.FindString(span); name != "" && !known[name] {
				t.Errorf("%s: no verb has %s", page.Name, name)
			}
		}
	}
}

// Each target that a page runs with make exists.
func TestTargetsOfPages(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`(?:^|&& )make ([a-z][a-z-]*)`)
	for _, page := range written(t) {
		commands := page.Spans()
		for _, block := range page.Blocks {
			commands = append(commands, block.Commands()...)
		}
		for _, command := range commands {
			for _, found := range target.FindAllStringSubmatch(command, -1) {
				if !strings.Contains(string(makefile), "\n"+found[1]+":") {
					t.Errorf("%s: %s: the Makefile has no such target", page.Name, command)
				}
			}
		}
	}
}

// A Fleet on a page, or a part of one, can be read.
func TestFleetsOfPages(t *testing.T) {
	found := 0
	for _, page := range written(t) {
		for _, block := range page.Blocks {
			if block.Language != "yaml" || !strings.Contains("\n"+block.Text, "\nregions:") {
				continue
			}
			found++
			text := block.Text
			if !strings.Contains(text, "kind: Fleet") {
				text = "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n" + text
			}
			folder := t.TempDir()
			for name, text := range map[string]string{"fleet.yaml": text, "common.yaml": "", "sydney.yaml": "", "ca.pem": ""} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := fleet.ReadFile(filepath.Join(folder, "fleet.yaml"), nil); err != nil {
				t.Errorf("%s:%d: %v", page.Name, block.Line, err)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d Fleets were found", found)
	}
}

// A link within the repository leads to an existing page and heading.
func TestLinksOfPages(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range written(t) {
		for _, found := range link.FindAllStringSubmatch(page.Prose, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(found[1], "#")
			file := path.Join(path.Dir(page.Name), target)
			if target == "" {
				file = page.Name
			}
			text, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(file)))
			switch {
			case err != nil && !isFolder(file):
				t.Errorf("%s: the link %s leads nowhere", page.Name, found[1])
			case anchor != "" && !slices.Contains(anchors(string(text)), anchor):
				t.Errorf("%s: the link %s leads to a page without that heading", page.Name, found[1])
			}
		}
	}
}

func isFolder(name string) bool {
	info, err := os.Stat(filepath.Join(repository, filepath.FromSlash(name)))
	return err == nil && info.IsDir()
}

// anchors are the anchors that GitHub gives to a page's headings.
func anchors(text string) []string {
	var found []string
	for line := range strings.SplitSeq(text, "\n") {
		heading := strings.TrimLeft(line, "#")
		if heading != line && strings.HasPrefix(heading, " ") {
			dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			found = append(found, strings.ReplaceAll(dropped, " ", "-"))
		}
	}
	return found
}

// The README names every verb.
func TestVerbsOfReadme(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range freshRoot().Commands() {
		if verb.IsAvailableCommand() && verb.Name() != "help" && !strings.Contains(string(readme), "`"+verb.Name()) {
			t.Errorf("README.md does not name the verb %s", verb.Name())
		}
	}
}
