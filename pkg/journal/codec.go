package journal

import (
	"encoding/json"
	"errors"
	"fmt"
)

// formVersion is the version of the record's form that this package writes.
const formVersion = 1

// CorruptError means that the journal cannot be read. It is never overwritten.
type CorruptError struct {
	Namespace string
	cause     error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the journal cannot be understood (%v): look at it with `kubectl --namespace %s get configmap %s -o yaml`, and delete it to start without it: the region's live state is looked at anyway",
		e.cause, e.Namespace, Name)
}

func (e *CorruptError) Unwrap() error { return e.cause }

// Decode reads a record as it is stored. Fields that it does not know are
// dropped; a form newer than it knows is an error.
func Decode(data []byte) (*Record, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("it is longer than %d KiB", maxBytes>>10)
	}
	record := &Record{}
	if err := json.Unmarshal(data, record); err != nil {
		return nil, err
	}
	switch {
	case record.Version < 1:
		return nil, errors.New("it names no version that there ever was")
	case record.Version > formVersion:
		return nil, fmt.Errorf("it has version %d, newer than this plugin knows: upgrade the plugin", record.Version)
	}
	return record, nil
}

// Encode returns the record as it is stored. Of a record that would be too
// long, the oldest steps and runs are left out: a journal that is full must not
// be what stops a migration, and what a rollback needs is kept.
func Encode(record *Record) ([]byte, error) {
	record.Version = formVersion
	kept := *record
	for {
		data, err := json.MarshalIndent(&kept, "", "  ")
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
