package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// binaryName is the plugin's executable, and the start of the names of a release's files.
const binaryName = "kubectl-coder_satellite"

// release is what test/dist made for one platform of Linux.
type release struct {
	// arch is the architecture, with Go's name.
	arch string
	// binary and license are the two files of the archive.
	binary, license []byte
	// bill is the bill of materials, CycloneDX as JSON.
	bill []byte
	// version, commit and time are what the bill says: the tag, and the commit that the binary was built from.
	version, commit string
	time            time.Time
}

// readRelease reads the archive and the bill of materials from the folder linux-ARCH in dir.
func readRelease(dir, version, arch string) (release, error) {
	dir = filepath.Join(dir, "linux-"+arch)
	r := release{arch: arch}
	bill := filepath.Join(dir, binaryName+"_"+version+".cdx.json")
	var err error
	if r.bill, err = os.ReadFile(bill); err != nil {
		return release{}, fmt.Errorf("read the bill of materials; `make image` builds it first: %w", err)
	}
	if err := r.readBill(); err != nil {
		return release{}, fmt.Errorf("%s: %w", bill, err)
	}
	if r.version != version {
		return release{}, fmt.Errorf("%s is of version %q, not %q; run: make image", bill, r.version, version)
	}
	archive := filepath.Join(dir, fmt.Sprintf("%s_%s_linux_%s.tar.gz", binaryName, version, arch))
	if err := r.readArchive(archive); err != nil {
		return release{}, fmt.Errorf("%s: %w", archive, err)
	}
	return r, nil
}

// readBill takes version, commit and time from the bill.
func (r *release) readBill() error {
	var document struct {
		Metadata struct {
			Timestamp time.Time
			Component struct {
				Version    string
				Properties []struct{ Name, Value string }
			}
		}
	}
	if err := json.Unmarshal(r.bill, &document); err != nil {
		return err
	}
	r.version = document.Metadata.Component.Version
	r.time = document.Metadata.Timestamp
	for _, property := range document.Metadata.Component.Properties {
		if property.Name == "vcs:commit" {
			r.commit = property.Value
		}
	}
	if r.commit == "" || r.time.IsZero() {
		return errors.New("the bill of materials names no commit (vcs:commit) or no time")
	}
	return nil
}

// readArchive takes binary and license from the archive.
func (r *release) readArchive(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	compressed, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	archive := tar.NewReader(compressed)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		switch header.Name {
		case "LICENSE":
			r.license = content
		case binaryName:
			r.binary = content
		}
	}
	if r.license == nil || r.binary == nil {
		return fmt.Errorf("the archive lacks LICENSE or %s", binaryName)
	}
	return nil
}
