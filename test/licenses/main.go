// Command licenses lists the modules that are linked into the plugin on any of its systems, with
// their licences, and fails if one is not allowed. An unknown licence text is not allowed either.
package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
)

const plugin = "./cmd/kubectl-coder_satellite"

// module is a version of a module, with its folder in the module cache.
type module struct{ path, version, folder string }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run() error {
	modules := map[module][]string{} // folders of the linked packages
	for _, system := range []string{"linux", "darwin", "windows"} {
		if err := linked(system, modules); err != nil {
			return err
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var refused []string
	for _, m := range slices.SortedFunc(maps.Keys(modules), func(a, b module) int { return strings.Compare(a.path, b.path) }) {
		found, err := licenses(m, modules[m])
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.path, m.version, strings.Join(found, " AND "))
		if slices.ContainsFunc(found, func(name string) bool { return !slices.Contains(allowed(), name) }) {
			refused = append(refused, m.path)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(refused) > 0 {
		return fmt.Errorf("not on the list of allowed licences (%s): %s; read the module's licence, then extend test/licenses or drop the module",
			strings.Join(allowed(), ", "), strings.Join(refused, ", "))
	}
	return nil
}

// linked adds the modules of the packages that the plugin links on the system.
func linked(system string, modules map[module][]string) error {
	const format = `{{if .Module}}{{if not .Module.Main}}{{.Module.Path}}|{{.Module.Version}}|{{.Module.Dir}}|{{.Dir}}{{end}}{{end}}`
	list := exec.Command("go", "list", "-deps", "-f", format, plugin)
	list.Env = append(os.Environ(), "GOOS="+system)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the packages of %s on %s: %w", plugin, system, err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 4 {
			continue
		}
		m := module{path: fields[0], version: fields[1], folder: fields[2]}
		modules[m] = append(modules[m], fields[3])
	}
	return nil
}

// licenses returns the licences of the module itself, and of code that its packages copied from
// elsewhere, whose licence is in the package's folder.
func licenses(m module, packages []string) ([]string, error) {
	folders := map[string]bool{m.folder: true}
	for _, folder := range packages {
		for ; !folders[folder] && strings.HasPrefix(folder, m.folder); folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	name := regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)`)
	found := map[string]bool{}
	for folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry.IsDir() || !name.MatchString(entry.Name()) || filepath.Ext(entry.Name()) == ".docs" || filepath.Ext(entry.Name()) == ".go" {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
			if err != nil {
				return nil, err
			}
			for _, license := range classify(text) {
				found[license] = true
			}
		}
	}
	if len(found) == 0 {
		return []string{"no licence"}, nil
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// allowed are the licences, by SPDX identifier, of modules that may be linked into this program,
// which is under Apache-2.0. CONTRIBUTING.md says why.
func allowed() []string {
	return []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}
}

// classify returns the licences in a text, or "unknown" if it recognizes none. It ignores line
// breaks, case, and the characters of quotes, lists and comments.
func classify(text []byte) []string {
	words := strings.FieldsFunc(strings.ToLower(string(text)), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(">*#/", r) })
	plain := strings.Join(words, " ")
	has := func(words string) bool { return strings.Contains(plain, words) }
	var found []string
	if has("apache license") && has("version 2.0") {
		found = append(found, "Apache-2.0")
	}
	mozilla := has("mozilla public license") && has("version 2.0")
	if mozilla {
		found = append(found, "MPL-2.0")
	}
	if has("general public license") && !mozilla { // MPL mentions the GPL only for compatibility
		found = append(found, "GPL")
	}
	if has("permission is hereby granted, free of charge, to any person obtaining a copy") {
		found = append(found, "MIT")
	}
	if has("permission to use, copy, modify, and") && has("for any purpose with or without fee is hereby granted") {
		found = append(found, "ISC")
	}
	if has("redistributions of source code must retain the above copyright notice") {
		if has("to endorse or promote products derived from this software") {
			found = append(found, "BSD-3-Clause")
		} else {
			found = append(found, "BSD-2-Clause")
		}
	}
	if len(found) == 0 {
		return []string{"unknown"}
	}
	return found
}
