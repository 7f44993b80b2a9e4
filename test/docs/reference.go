package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cmd"
)

const generated = "<!-- Written by `make docs` from the program. Do not edit. -->\n\n"

// reference returns a page for each command, by file name, and README.md with a list of them.
func reference() map[string][]byte {
	root := newRoot()
	pages := map[string][]byte{}
	var index bytes.Buffer
	index.WriteString(generated + "# Command reference\n\n" + strings.TrimSpace(root.Long) + "\n\n| command | does |\n|---|---|\n")
	var add func(*cobra.Command)
	add = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			if !child.IsAvailableCommand() || child.Name() == "help" {
				continue
			}
			fmt.Fprintf(&index, "| [%s](%s) | %s |\n", commandPath(child), fileOf(child), child.Short)
			pages[fileOf(child)] = page(child)
			add(child)
		}
	}
	add(root)
	index.WriteString("\nThe [Fleet file](fleet.md) has a page of its own, and the documents that are printed have [schemas](../schema/v1alpha1/README.md).\n" +
		"Exit codes are in the [README](../../README.md#output-and-exit-codes), checks in [checks.md](../checks.md).\n")
	pages["README.md"] = index.Bytes()
	return pages
}

// newRoot returns the command tree.
func newRoot() *cobra.Command {
	return cmd.NewRoot(cmd.Environment{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard},
		Getenv:    func(string) string { return "" },
		Clock:     clock.RealClock{},
	})
}

func commandPath(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "kubectl ") }

func fileOf(c *cobra.Command) string {
	return strings.ReplaceAll(strings.TrimPrefix(commandPath(c), "coder-satellite "), " ", "_") + ".md"
}

// page renders a command's help as a page.
func page(c *cobra.Command) []byte {
	c.InitDefaultHelpFlag()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s# %s\n\n%s\n\n```\n%s\n```\n", generated, c.CommandPath(), strings.TrimSpace(c.Long), c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(&text, "\n## Examples\n\n```sh\n%s\n```\n", unindented(c.Example))
	}
	fmt.Fprintf(&text, "\n## Flags and exit codes\n\n```\n%s\nExit codes:\n%s```\n", cmd.FlagUsages(c), cmd.ExitCodes(c))
	if c.Flags().Lookup("coder-url") != nil && c.Name() != "options" {
		text.WriteString("\nFlags that commands have in common are on the page of [options](options.md).\n")
	}
	text.WriteString("\n[All commands](README.md)\n")
	return text.Bytes()
}

func unindented(example string) string {
	lines := strings.Split(strings.Trim(example, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
