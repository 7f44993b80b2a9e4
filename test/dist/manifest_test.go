package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// release returns a folder with empty archives of all platforms.
func release(t *testing.T, version string) string {
	t.Helper()
	dist := t.TempDir()
	for _, p := range allPlatforms() {
		if err := os.WriteFile(filepath.Join(dist, p.archive(version)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dist
}

func TestRenderManifest(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "plugins", pluginName+".yaml")
	if err := renderManifest("../../.krew.yaml", manifest, "v1.2.3", release(t, "v1.2.3")); err != nil {
		t.Fatal(err)
	}
	rendered, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for text, times := range map[string]int{
		"sha256: " + emptySum + "\n": 6,
		"version: v1.2.3\n":          1,
		"/v1.2.3/kubectl-coder_satellite_v1.2.3_windows_arm64.zip\n": 1,
		"{{": 0,
	} {
		if got := strings.Count(string(rendered), text); got != times {
			t.Errorf("%q occurs %d times, want %d in:\n%s", text, got, times, rendered)
		}
	}
}

func TestRenderManifestRefuses(t *testing.T) {
	template, err := os.ReadFile("../../.krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		old, new string
		want     string
	}{
		{"unknown field", "  homepage:", "  website:", "website"},
		{"other name", "name: coder-satellite", "name: satellite", `metadata.name is "satellite"`},
		{"other version", "version: {{ .TagName }}", "version: v9.9.9", `spec.version is "v9.9.9"`},
		{"long short description", "shortDescription: ", "shortDescription: A very long description that search cuts ", "at most 50 characters"},
		{"one platform twice", "os: darwin", "os: linux", "two items are for linux"},
		{"wrong executable", "bin: kubectl-coder_satellite.exe", "bin: kubectl-coder_satellite", "bin is"},
		{"no selector", "selector:\n      matchLabels:\n        os: linux\n        arch: amd64\n", "files: []\n", "no selector"},
		{"unknown variable", "{{ .TagName }}", "{{ .Tag }}", "Tag"},
		{"unclosed action", "{{ .TagName }}", "{{ .TagName", "render"},
		{"missing archive", "linux_amd64.tar.gz", "linux_riscv64.tar.gz", "no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.ReplaceAll(string(template), test.old, test.new)
			dir := t.TempDir()
			file := filepath.Join(dir, ".krew.yaml")
			if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			manifest := filepath.Join(dir, "out.yaml")
			err := renderManifest(file, manifest, "v1.2.3", release(t, "v1.2.3"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if _, err := os.Stat(manifest); !errors.Is(err, os.ErrNotExist) {
				t.Error("a manifest was written in spite of the error")
			}
		})
	}
}
