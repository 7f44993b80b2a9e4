package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadSource: the stamp changes if, and only if, the content of an archive changes.
func TestReadSource(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) {
		t.Helper()
		args = append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"}, args...)
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	read := func() (source, string) {
		t.Helper()
		var log bytes.Buffer
		from, err := readSource(t.Context(), &log)
		if err != nil {
			t.Fatal(err)
		}
		return from, log.String()
	}

	if _, err := readSource(t.Context(), &bytes.Buffer{}); err == nil {
		t.Error("a folder that is not a repository was accepted")
	}
	run("init", "--quiet")
	write("go.mod", "module example.com")
	write(".go-version", "0.0.1\n")
	if _, err := readSource(t.Context(), &bytes.Buffer{}); err == nil {
		t.Error("a repository without a commit was accepted")
	}
	run("add", ".")
	run("commit", "--quiet", "--message", "Sources")
	first, log := read()
	if len(first.commit) != 40 || first.time.IsZero() {
		t.Errorf("got %+v, want the commit and its time", first)
	}
	if !strings.Contains(log, "releases are built with go0.0.1") {
		t.Errorf("no warning of another Go version in %q", log)
	}

	write("plugins/manifest.yaml", "")
	run("add", ".")
	run("commit", "--quiet", "--message", "Manifest")
	if second, _ := read(); second != first {
		t.Errorf("a commit of the manifest changed the stamp from %+v to %+v", first, second)
	}

	write("cmd/main.go", "package main")
	if third, log := read(); third.commit != first.commit+"-dirty" || !strings.Contains(log, "do not publish") {
		t.Errorf("got %+v and %q for sources that are not committed", third, log)
	}
}
