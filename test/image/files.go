package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	// nonroot is the number of the user and of its group: the one that distroless images use.
	nonroot = 65532
	// writable is the only folder that the plugin writes to, so that the root can be read-only.
	writable = "/tmp"
	// certificatesFile is where Go looks first on Linux.
	certificatesFile = "/etc/ssl/certs/ca-certificates.crt"
	// entrypoint is the plugin, in a folder of PATH.
	entrypoint = "/usr/local/bin/" + binaryName
)

// file is a file or a folder of the image. All belong to root.
type file struct {
	name    string // absolute
	mode    int64
	folder  bool
	content []byte
}

// systemFiles are what every program expects to find: users, groups, certificates, a folder for temporary files. They
// are the same on all architectures, and change with the certificates only.
func systemFiles() []file {
	return []file{
		{name: "/etc", mode: 0o755, folder: true},
		{name: "/etc/group", mode: 0o644, content: fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", nonroot)},
		{name: "/etc/passwd", mode: 0o644, content: fmt.Appendf(nil,
			"root:x:0:0:root:/:/sbin/nologin\nnonroot:x:%d:%[1]d:nonroot:%s:/sbin/nologin\n", nonroot, writable)},
		{name: "/etc/ssl", mode: 0o755, folder: true},
		{name: "/etc/ssl/certs", mode: 0o755, folder: true},
		{name: certificatesFile, mode: 0o644, content: certificates()},
		{name: writable, mode: 0o1777, folder: true},
	}
}

// pluginFiles are the plugin and its license.
func pluginFiles(from release) []file {
	return []file{
		{name: "/usr", mode: 0o755, folder: true},
		{name: "/usr/local", mode: 0o755, folder: true},
		{name: "/usr/local/bin", mode: 0o755, folder: true},
		{name: entrypoint, mode: 0o755, content: from.binary},
		{name: "/usr/share", mode: 0o755, folder: true},
		{name: "/usr/share/licenses", mode: 0o755, folder: true},
		{name: "/usr/share/licenses/" + binaryName, mode: 0o755, folder: true},
		{name: "/usr/share/licenses/" + binaryName + "/LICENSE", mode: 0o644, content: from.license},
	}
}

// certificates are Mozilla's roots, as PEM. Roots that Mozilla trusts for older certificates only are left out, as a
// PEM file cannot express that.
func certificates() []byte {
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			roots.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return roots.Bytes()
}

// newLayer packs files, in the order given. Nothing but the arguments and Go's version determines the bytes.
func newLayer(files []file, modified time.Time) (v1.Layer, error) {
	var packed bytes.Buffer
	archive := tar.NewWriter(&packed)
	for _, f := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.name[1:], Mode: f.mode, Size: int64(len(f.content)),
			ModTime: modified, Format: tar.FormatUSTAR,
		}
		if f.folder {
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	// Compressed once: the library would do it anew for each reader.
	var small bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = compressed.Write(packed.Bytes())
	if err := errors.Join(err, compressed.Close()); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(small.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}
