package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/docs/pages"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongPages runs the commands in README, runbook and the pages for tasks, in their order on
// the page, in a new lab for each page. Each block must exit with 0, or with the code in the
// page's mark.
func TestLongPages(t *testing.T) {
	all, err := pages.Tested("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range all {
		t.Run(page.Name, func(t *testing.T) {
			own, err := inlab.Up("--build-time", "300ms", "--regions", "sydney,london")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := own.Down(); err != nil {
					t.Error(err)
				}
			})
			runPage(t, own, page)
		})
	}
}

// runPage runs the blocks of a page, and the steps of its workflow.
func runPage(t *testing.T, own *inlab.Lab, page pages.Page) {
	dir, kept, ran := exampleDir(t, own), ofPullRequest, 0
	standInForGitHub(t, filepath.Join(dir, "bin", "gh"))
	run := func(block pages.Block, script string) {
		if result := runIn(t, own, dir, kept+script); result.Code != block.Exit {
			t.Errorf("%s:%d: want exit code %d of\n%s\n%s", page.Name, block.Line, block.Exit, script, result)
		}
	}
	for _, block := range page.Blocks {
		pageFiles(t, own, dir) // an earlier block may have overwritten them
		scripts, err := block.Scripts()
		switch {
		case block.Language == "sh" && block.Skip == "":
		case block.Language == "yaml" && err != nil:
			t.Fatal(err)
		case block.Language == "yaml":
			for _, script := range scripts {
				ran++
				run(block, script)
			}
			continue
		default:
			continue
		}
		ran++
		prepare(t, own, dir, kept, block)
		script := scriptOf(own, block)
		run(block, script)
		if block.Keep {
			kept += script
		}
	}
	if ran == 0 {
		t.Errorf("%s: nothing was run", page.Name)
	}
}

// pageFiles writes the operator's files, also where `make lab` has them. The Fleet has labels.
func pageFiles(t *testing.T, own *inlab.Lab, dir string) {
	t.Helper()
	lab := filepath.Join(dir, ".lab")
	if err := os.MkdirAll(lab, 0o755); err != nil {
		t.Fatal(err)
	}
	exampleFiles(t, own, dir)
	exampleFiles(t, own, lab)
	file := filepath.Join(dir, "fleet.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		labelled := strings.Replace(string(text), "  name: london", "  labels: {continent: emea}\n  name: london", 1)
		err = os.WriteFile(file, []byte(labelled), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// prepare brings the lab into the state that the block expects.
func prepare(t *testing.T, own *inlab.Lab, dir, kept string, block pages.Block) {
	t.Helper()
	for _, mark := range block.Before {
		if version, ok := strings.CutPrefix(mark, "primary "); ok {
			if err := own.SetVersion(version); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if result := runIn(t, own, dir, kept+inLab(own, mark)); result.Code != 0 {
			t.Fatalf("before line %d, %s: %s", block.Line, mark, result)
		}
	}
}

// scriptOf returns a block's commands, adapted to a lab.
func scriptOf(own *inlab.Lab, block pages.Block) string {
	var script strings.Builder
	for _, command := range block.Commands() {
		command = inLab(own, withoutComment(command))
		if block.Interrupt {
			command = "timeout --foreground --preserve-status --signal INT 8 " + command
		}
		script.WriteString(command + "\n")
	}
	return script.String()
}

// withoutComment removes the comment at the end of a line, because inLab appends flags.
func withoutComment(command string) string {
	before, _, _ := strings.Cut(command, "  # ")
	return strings.TrimRight(before, " ")
}

// ofPullRequest has the variables that GitHub passes to the steps of a workflow.
const ofPullRequest = "export PR=7 HEAD=0123456789abcdef0123456789abcdef01234567\n"

// standInForGitHub writes a gh that finds the run and the plan of a pull request. The plan has
// been downloaded already.
func standInForGitHub(t *testing.T, name string) {
	t.Helper()
	const gh = `#!/usr/bin/env bash
case "$1 $2" in
"run list") echo 42 ;;
"run download") test "$3" = 42 && test -s plan.json ;;
"pr comment") test "$3" = 7 && test -s comment.md ;;
*) exit 1 ;;
esac
`
	if err := os.WriteFile(name, []byte(gh), 0o755); err != nil { //nolint:gosec // the workflow runs it
		t.Fatal(err)
	}
}
