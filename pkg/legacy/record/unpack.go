// Package record is Helm's codec for release records, bounded: a few kilobytes in a Secret can unpack to gigabytes.
package record

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of a record, in bytes: Secrets and ConfigMaps hold 1 MiB at most, and memory is finite.
const (
	MaxEncoded  = 1 << 20
	MaxUnpacked = 32 << 20
)

// ErrTooLarge is wrapped by the error for a record beyond its bounds.
var ErrTooLarge = errors.New("it is not read, for it would exhaust the memory")

// Unpack returns the JSON of the value that Helm stores under the key "release": base64 of gzipped JSON or, as early
// Helm 3 wrote it, of plain JSON. The error says which layer is broken, and never shows content.
func Unpack(encoded []byte) ([]byte, error) {
	if len(encoded) == 0 {
		return nil, errors.New("the record is empty")
	}
	if len(encoded) > MaxEncoded {
		return nil, fmt.Errorf("the record has %d bytes, more than the %d that Kubernetes stores: %w", len(encoded), MaxEncoded, ErrTooLarge)
	}
	packed, err := base64.StdEncoding.AppendDecode(nil, encoded)
	if err != nil {
		return nil, errors.New("the record is not base64: it is truncated or was not written by Helm")
	}
	if !bytes.HasPrefix(packed, []byte{0x1f, 0x8b, 0x08}) {
		if !json.Valid(packed) {
			return nil, errors.New("the record is neither gzip nor JSON")
		}
		return packed, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the record is truncated: its gzip header is cut short: %w", err)
	}
	defer reader.Close()
	text, err := io.ReadAll(io.LimitReader(reader, MaxUnpacked+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("the record is truncated: its gzip data ends early: %w", err)
	case err != nil:
		return nil, fmt.Errorf("the record is damaged: %w", err)
	case len(text) > MaxUnpacked:
		return nil, fmt.Errorf("the record unpacks to more than %d MiB: %w", MaxUnpacked>>20, ErrTooLarge)
	}
	return text, nil
}
