//go:build krew

package krew

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// startLab starts a lab with one region, and returns the variables from its file env, with the
// path of fleet.yaml under "fleet".
func startLab(t *testing.T) map[string]string {
	t.Helper()
	binary, dir := tool(t, "coder-satellite-lab"), t.TempDir()
	t.Cleanup(func() {
		if _, err := command("", nil, binary, "down", "--dir", dir); err != nil {
			t.Error(err)
		}
	})
	mustRun(t, nil, binary, "up", "--dir", dir, "--regions", "sydney")
	// The file is meant to be sourced, so a shell reads it.
	out := mustRun(t, nil, "sh", "-c", `set -a; . "$1"; env -0`, "sh", filepath.Join(dir, "env"))
	lab := map[string]string{"fleet": filepath.Join(dir, "fleet.yaml")}
	for line := range strings.SplitSeq(out, "\x00") {
		if name, value, ok := strings.Cut(line, "="); ok {
			lab[name] = value
		}
	}
	return lab
}

// findIn looks up a program in a list of folders instead of this process's PATH.
func findIn(t *testing.T, path, program string) string {
	t.Helper()
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(filepath.Join(dir, program)); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return filepath.Join(dir, program)
		}
	}
	t.Fatalf("no %s in %s", program, path)
	return ""
}

func sha256Of(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
