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

// formVersion is the version of the record's form that this package writes.
const formVersion = 1

// CorruptError means that the journal cannot be read. It is never overwritten.
type CorruptError struct {
	// Journal is the journal's ConfigMap.
	Journal types.NamespacedName
	cause   error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the journal %s cannot be understood (%v): look at that ConfigMap, and delete it to start without it: the live state is looked at anyway",
		e.Journal, e.cause)
}

func (e *CorruptError) Unwrap() error { return e.cause }

// NewerError means that a newer version of the plugin wrote the journal. It is
// never written by this one, which would drop what it does not know.
type NewerError struct {
	// Journal is the journal's ConfigMap.
	Journal types.NamespacedName
	what    string // that is not known
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the journal %s was written by a newer version of the plugin (it has %s): upgrade the plugin, with `kubectl krew upgrade coder-satellite`, and run this again",
		e.Journal, e.what)
}

// Decode reads a record as it is stored. Fields that it does not know are
// dropped; a form newer than it knows is a *NewerError.
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
		return nil, errors.New("it names no version that there ever was")
	case record.Version > formVersion:
		return nil, newerForm(record.Version)
	}
	return record, nil
}

func newerForm(version int) error {
	return &NewerError{what: fmt.Sprintf("form %d; this version knows up to %d", version, formVersion)}
}

// unknown says which field of the stored record Decode drops; "" if none.
func unknown(data []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&Record{}); err != nil { // of any other kind Decode has told
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	return ""
}

// Encode returns the record as it is stored. Of a record that would be too
// long, the oldest steps and runs are left out: a journal that is full must not
// be what stops a migration, and what a rollback needs is kept. What looks like a
// secret in its texts is taken out.
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
