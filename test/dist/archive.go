package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// member is a file of an archive.
type member struct {
	name    string
	mode    int64
	content []byte
}

// pack writes the archive, in the format of its extension: the license and the binary, in that
// order, with the given time and without an owner, so that the bytes depend on nothing else.
func pack(archive string, modified time.Time, binary string, license []byte) (err error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	members := []member{
		{name: "LICENSE", mode: 0o644, content: license},
		{name: filepath.Base(binary), mode: 0o755, content: content},
	}
	file, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if strings.HasSuffix(archive, ".zip") {
		return packZip(file, modified, members)
	}
	return packTar(file, modified, members)
}

func packTar(w io.Writer, modified time.Time, members []member) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, m := range members {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: m.name, Mode: m.mode, Size: int64(len(m.content)),
			ModTime: modified, Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(m.content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

func packZip(w io.Writer, modified time.Time, members []member) error {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: modified}
		header.SetMode(os.FileMode(m.mode))
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(m.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// checksum returns the SHA-256 of a file in lower-case hexadecimal digits.
func checksum(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// writeChecksums writes a list for `sha256sum --check` next to the files.
func writeChecksums(name string, files []string) error {
	var list strings.Builder
	for _, file := range files {
		sum, err := checksum(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, filepath.Base(file))
	}
	return os.WriteFile(name, []byte(list.String()), 0o644)
}
