//go:build unix

// Package bench measures the plugin against the commands that it replaces, in
// one run on one machine, and prints ratios. Run it with `make bench`, which
// builds the plugin, Helm and kubectl with the same linker flags.
package bench

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// program returns a fresh copy of a program in bin/. All copies are written in the same way at
// the same time, because the layout in the page cache changes a process's memory by up to a
// fifth.
func program(t *testing.T, name string) string {
	t.Helper()
	source, err := os.Open(filepath.Join(bin(), name))
	if err != nil {
		t.Fatalf("%v: run `make bench`, which builds it", err)
	}
	defer func() { _ = source.Close() }()
	path := filepath.Join(t.TempDir(), name)
	copied, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(copied, source); err != nil {
		t.Fatal(err)
	}
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// bin returns the project's folder of binaries.
func bin() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "bin")
}

// ratio prints a ratio next to its target, and fails the test if it is above.
func ratio(t *testing.T, what string, ours, theirs, target float64) {
	t.Helper()
	r := ours / theirs
	fmt.Printf("  %-12s ratio %.2f, target %.2f\n", what, r, target)
	if r > target {
		t.Errorf("%s: ratio %.3f is above the target %.2f", what, r, target)
	}
}
