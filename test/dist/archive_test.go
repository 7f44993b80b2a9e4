package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPack(t *testing.T) {
	when := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	want := []entry{
		{Name: "LICENSE", Mode: 0o644, Time: when, Content: "license"},
		{Name: "tool", Mode: 0o755, Time: when, Content: "binary"},
	}
	for _, suffix := range []string{".tar.gz", ".zip"} {
		t.Run(suffix, func(t *testing.T) {
			dir := t.TempDir()
			binary := filepath.Join(dir, "tool")
			var archives [][]byte
			// The archive must not depend on the time and mode of the packed file.
			for i, mode := range []os.FileMode{0o600, 0o755} {
				if err := os.WriteFile(binary, []byte("binary"), mode); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(binary, when, when.Add(time.Duration(i)*time.Hour)); err != nil {
					t.Fatal(err)
				}
				archive := filepath.Join(dir, "archive"+suffix)
				if err := pack(archive, when, binary, []byte("license")); err != nil {
					t.Fatal(err)
				}
				content, err := os.ReadFile(archive)
				if err != nil {
					t.Fatal(err)
				}
				archives = append(archives, content)
			}
			if !bytes.Equal(archives[0], archives[1]) {
				t.Error("packing the same files twice gave different bytes")
			}
			unpack := unpackTar
			if suffix == ".zip" {
				unpack = unpackZip
			}
			if diff := cmp.Diff(want, unpack(t, archives[0])); diff != "" {
				t.Errorf("contents (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackMissingBinary(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "a.zip")
	err := pack(archive, time.Now(), filepath.Join(t.TempDir(), "absent"), nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want a missing file", err)
	}
	if _, err := os.Stat(archive); !errors.Is(err, os.ErrNotExist) {
		t.Error("an archive was written without a binary")
	}
}

func TestWriteChecksums(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.zip")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "checksums.txt")
	if err := writeChecksums(list, []string{file}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	const want = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.zip\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := writeChecksums(list, []string{filepath.Join(dir, "absent")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want a missing file", err)
	}
}

type entry struct {
	Name    string
	Mode    os.FileMode
	Time    time.Time
	Content string
}

func unpackTar(t *testing.T, archive []byte) []entry {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry
	for reader := tar.NewReader(compressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{header.Name, header.FileInfo().Mode(), header.ModTime.UTC(), string(content)})
	}
}

func unpackZip(t *testing.T, archive []byte) []entry {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry
	for _, file := range reader.File {
		opened, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{file.Name, file.Mode(), file.Modified.UTC(), string(content)})
	}
	return entries
}
