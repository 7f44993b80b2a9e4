package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

const formVersion = 1

// newer says that a newer version wrote the journal. This version never overwrites what it does not know.
func newer(journal types.NamespacedName, what string) error {
	return fmt.Errorf("the journal %s was written by a newer version of the plugin (it has %s): upgrade the plugin, "+
		"with `kubectl krew upgrade coder-satellite`, and run this again", journal, what)
}

// newerForm is the version of a record whose form is newer than this package knows.
type newerForm int

func (v newerForm) Error() string {
	return fmt.Sprintf("form %d; this version knows up to %d", int(v), formVersion)
}

// Decode reads a stored record. It drops fields that it does not know.
func Decode(data []byte) (*Record, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("it is longer than %d KiB", maxBytes>>10)
	}
	record := &Record{}
	if err := json.Unmarshal(data, record); err != nil {
		var form struct{ Version int }
		if json.Unmarshal(data, &form) == nil && form.Version > formVersion {
			return nil, newerForm(form.Version) // in which fields may have other types
		}
		return nil, err
	}
	switch {
	case record.Version < 1:
		return nil, errors.New("it names no known version")
	case record.Version > formVersion:
		return nil, newerForm(record.Version)
	}
	return record, nil
}

// unknown names a field of the stored record that Decode drops; "" if none.
func unknown(data []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&Record{}); err != nil { // Decode has reported any other kind
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	return ""
}

// Encode returns the record as it is stored, without what looks like a secret. It drops the oldest steps and runs of a
// record that would be too long: a full journal must not stop a migration, and what a rollback needs is kept.
func Encode(record *Record) ([]byte, error) {
	record.Version = formVersion
	kept := *record
	for {
		data, err := json.MarshalIndent(&kept, "", "  ")
		data = redact.JSON(data)
		switch {
		case err != nil:
			return nil, err
		case len(data) <= maxBytes:
			return data, nil
		case len(kept.Steps) > 0:
			kept.Steps = kept.Steps[(len(kept.Steps)+1)/2:]
		case len(kept.History) > 0:
			kept.History = kept.History[(len(kept.History)+1)/2:]
		default:
			return nil, fmt.Errorf("the journal's record has grown beyond %d KiB", maxBytes>>10)
		}
	}
}
