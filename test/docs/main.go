// Command docs writes the reference of the command line and of the checks from
// the program itself. Run it from the repository's root, as `make docs` does.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "error: "+err.Error())
		os.Exit(1)
	}
}

// run writes the documents into the folder, and removes what is left of verbs
// that are gone.
func run(dir string) error {
	pages, err := reference()
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "reference")
	old, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if _, ok := pages[filepath.Base(file)]; !ok {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range pages {
		if err := write(filepath.Join(folder, name), text); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "checks.md"), checks())
}

// write writes a document, unless it reads so already.
func write(file string, text []byte) error {
	if now, err := os.ReadFile(file); err == nil && bytes.Equal(now, text) {
		return nil
	}
	return os.WriteFile(file, text, 0o644)
}
