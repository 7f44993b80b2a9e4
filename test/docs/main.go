// Command docs generates the reference of the command line, of the checks and of the documents,
// and the documents' JSON Schemas, from the program itself. Run it from the repository's root, as
// `make docs` does.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func main() {
	if err := run("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "error: "+err.Error())
		os.Exit(1)
	}
}

// run writes the files into the folder, and removes those of verbs and documents that no longer
// exist.
func run(dir string) error {
	files, err := documents()
	if err != nil {
		return err
	}
	for _, folder := range []string{"reference", schemaFolder} {
		old, err := filepath.Glob(filepath.Join(dir, folder, "*"))
		if err != nil {
			return err
		}
		for _, file := range old {
			if _, ok := files[path.Join(folder, filepath.Base(file))]; !ok {
				if err := os.Remove(file); err != nil {
					return err
				}
			}
		}
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			return err
		}
	}
	return nil
}

const schemaFolder = "schema/" + v1alpha1.Version

// documents returns the content of every file, by its path in the folder.
func documents() (map[string][]byte, error) {
	files := map[string][]byte{"checks.md": checks()}
	pages := reference()
	api, err := readSource(apiFolder)
	if err != nil {
		return nil, err
	}
	if pages["fleet.md"], err = fleetPage(api); err != nil {
		return nil, err
	}
	forms, err := schemas(api)
	if err != nil {
		return nil, err
	}
	for name, text := range pages {
		files["reference/"+name] = text
	}
	for name, text := range forms {
		files[path.Join(schemaFolder, name)] = text
	}
	return files, nil
}

// write writes a file if its content has changed.
func write(file string, text []byte) error {
	if now, err := os.ReadFile(file); err == nil && bytes.Equal(now, text) {
		return nil
	}
	return os.WriteFile(file, text, 0o644)
}
