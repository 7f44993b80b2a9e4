package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

func TestRefuses(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		change func(t *testing.T, releases, out string)
		want   string
	}{
		{name: "no version", args: []string{"-releases", "x", "-out", "y"}, want: "-version is missing; run: make image"},
		{name: "no releases", args: []string{"-version", "v1.2.3", "-out", "y"}, want: "-releases is missing"},
		{name: "no out", args: []string{"-version", "v1.2.3", "-releases", "x"}, want: "-out is missing"},
		{name: "argument", args: []string{"all"}, want: `unexpected argument "all"`},
		{name: "flag", args: []string{"-nonsense"}, want: "nonsense"},
		{
			name: "no bill", want: "`make image` builds it first",
			change: func(t *testing.T, releases, _ string) { remove(t, releases, "linux-arm64", billFile) },
		},
		{
			name: "bill is no JSON", want: billFile + ": invalid character",
			change: func(t *testing.T, releases, _ string) { save(t, "nonsense", releases, "linux-arm64", billFile) },
		},
		{
			name: "bill without a commit", want: "names no commit",
			change: func(t *testing.T, releases, _ string) {
				save(t, strings.Replace(billOf("v1.2.3", "abc"), "vcs:commit", "other", 1), releases, "linux-arm64", billFile)
			},
		},
		{
			name: "bill of another version", want: `is of version "v9.9.9", not "v1.2.3"`,
			change: func(t *testing.T, releases, _ string) {
				save(t, billOf("v9.9.9", "abc"), releases, "linux-arm64", billFile)
			},
		},
		{
			name: "two commits", want: "for amd64 was built from commit abc, the one for arm64 from def; run: make image",
			change: func(t *testing.T, releases, _ string) {
				save(t, billOf("v1.2.3", "def"), releases, "linux-arm64", billFile)
			},
		},
		{
			name: "no archive", want: "no such file",
			change: func(t *testing.T, releases, _ string) { remove(t, releases, "linux-amd64", archiveFile("amd64")) },
		},
		{
			name: "archive is not compressed", want: "invalid header",
			change: func(t *testing.T, releases, _ string) {
				save(t, "nonsense, and a little more", releases, "linux-amd64", archiveFile("amd64"))
			},
		},
		{
			name: "archive is cut", want: "unexpected EOF",
			change: func(t *testing.T, releases, _ string) {
				whole := archiveOf(t, "LICENSE", binaryName)
				save(t, whole[:len(whole)/2], releases, "linux-amd64", archiveFile("amd64"))
			},
		},
		{
			name: "archive without the plugin", want: "lacks LICENSE or " + binaryName,
			change: func(t *testing.T, releases, _ string) {
				save(t, archiveOf(t, "LICENSE"), releases, "linux-amd64", archiveFile("amd64"))
			},
		},
		{
			name: "a folder with something else", want: "is no image layout: name another, or remove it",
			change: func(t *testing.T, _, out string) { save(t, "precious", out, "thesis.txt") },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			releases, out := fakeReleases(t), filepath.Join(t.TempDir(), "image")
			if test.change != nil {
				test.change(t, releases, out)
				test.args = []string{"-version", "v1.2.3", "-releases", releases, "-out", out}
			}
			err := run(test.args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(out, "index.json")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("an image was written in spite of the error (%v)", err)
			}
		})
	}
}

// TestSameArchivesSameDigest: time, folder and what was there before make no difference; the commit does.
func TestSameArchivesSameDigest(t *testing.T) {
	out := filepath.Join(t.TempDir(), "image")
	var digests []v1.Hash
	for _, commit := range []string{"abc", "abc", "def"} {
		releases := fakeReleases(t)
		for _, arch := range []string{"amd64", "arm64"} {
			save(t, billOf("v1.2.3", commit), releases, "linux-"+arch, billFile)
		}
		var stdout bytes.Buffer
		if err := run([]string{"-version", "v1.2.3", "-releases", releases, "-out", out}, &stdout, io.Discard); err != nil {
			t.Fatal(err)
		}
		tag, index := open(t, out)
		digest, err := index.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if tag != "v1.2.3" {
			t.Errorf("the tag is %q, want v1.2.3", tag)
		}
		for _, text := range []string{digest.String(), "linux/amd64: 0.1 MB to download", "linux/arm64: 0.1 MB to download"} {
			if !strings.Contains(stdout.String(), text) {
				t.Errorf("no %q in %q", text, stdout.String())
			}
		}
		digests = append(digests, digest)
	}
	if digests[0] != digests[1] || digests[1] == digests[2] {
		t.Errorf("digests of two equal builds and one of another commit: %v", digests)
	}
}

const billFile = binaryName + "_v1.2.3.cdx.json"

func archiveFile(arch string) string { return binaryName + "_v1.2.3_linux_" + arch + ".tar.gz" }

// fakeReleases is a folder as test/dist writes it, of a plugin that is a text.
func fakeReleases(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		save(t, billOf("v1.2.3", "abc"), dir, "linux-"+arch, billFile)
		save(t, archiveOf(t, "LICENSE", binaryName), dir, "linux-"+arch, archiveFile(arch))
	}
	return dir
}

func billOf(version, commit string) string {
	return fmt.Sprintf(`{"metadata": {"timestamp": "2026-02-03T04:05:06Z", "component":
		{"version": %q, "properties": [{"name": "vcs:commit", "value": %q}]}}}`, version, commit)
}

func archiveOf(t *testing.T, names ...string) string {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, name := range names {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(name))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func save(t *testing.T, content string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path ...string) {
	t.Helper()
	if err := os.Remove(filepath.Join(path...)); err != nil {
		t.Fatal(err)
	}
}

// open returns the only member of a layout, and its tag. With one member, `crane push` takes the layout as it is.
func open(t *testing.T, dir string) (tag string, index v1.ImageIndex) {
	t.Helper()
	outer, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("%s/index.json has %d members, want 1", dir, len(manifest.Manifests))
	}
	descriptor := manifest.Manifests[0]
	if index, err = outer.ImageIndex(descriptor.Digest); err != nil {
		t.Fatal(err)
	}
	return descriptor.Annotations["org.opencontainers.image.ref.name"], index
}
