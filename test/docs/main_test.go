package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The committed files are up to date: `make docs` changes nothing.
func TestDocumentsAreCurrent(t *testing.T) {
	t.Chdir("../..")
	files, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("docs", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/%s is out of date (%v): run `make docs`", name, err)
		}
	}
	for _, folder := range []string{"reference", schemaFolder} {
		entries, err := os.ReadDir(filepath.Join("docs", folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if _, ok := files[folder+"/"+entry.Name()]; !ok {
				t.Errorf("docs/%s/%s describes something that no longer exists: run `make docs`", folder, entry.Name())
			}
		}
	}
}
