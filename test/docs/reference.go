package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cmd"
)

const generated = "<!-- Written by `make docs` from the program. Do not edit. -->\n\n"

// reference returns a page for each command, by file name, and README.md, which
// lists them.
func reference() (map[string][]byte, error) {
	root, err := neutralRoot()
	if err != nil {
		return nil, err
	}
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
	return pages, nil
}

// neutralRoot returns the command tree as it is on a machine that is nobody's:
// defaults that come from the environment are shown as what they are made of.
func neutralRoot() (*cobra.Command, error) {
	const cache = "$CACHE"
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		if err := os.Setenv(name, "/"+cache); err != nil {
			return nil, err
		}
	}
	root := cmd.NewRoot(cmd.Environment{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard},
		Getenv:    func(string) string { return "" },
		Clock:     clock.RealClock{},
	})
	neutral(root)
	return root, nil
}

// neutral replaces the defaults that differ from machine to machine.
func neutral(c *cobra.Command) {
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		if i := strings.Index(flag.DefValue, "$CACHE"); i >= 0 {
			flag.DefValue = "<your cache folder>" + strings.ReplaceAll(cutCaches(flag.DefValue[i+len("$CACHE"):]), "\\", "/")
		}
	})
	for _, child := range c.Commands() {
		neutral(child)
	}
}

// cutCaches takes away what macOS puts between the home and the cache.
func cutCaches(path string) string { return strings.TrimPrefix(path, "/Library/Caches") }

func commandPath(c *cobra.Command) string { return strings.TrimPrefix(c.CommandPath(), "kubectl ") }

func fileOf(c *cobra.Command) string {
	return strings.ReplaceAll(strings.TrimPrefix(commandPath(c), "coder-satellite "), " ", "_") + ".md"
}

// page is a command's help, as a page.
func page(c *cobra.Command) []byte {
	c.InitDefaultHelpFlag()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s# %s\n\n%s\n\n```\n%s\n```\n", generated, c.CommandPath(), strings.TrimSpace(c.Long), c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(&text, "\n## Examples\n\n```sh\n%s\n```\n", unindented(c.Example))
	}
	if flags := c.NonInheritedFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&text, "\n## Flags\n\n```\n%s```\n", flags.FlagUsages())
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
