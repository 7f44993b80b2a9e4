package legacy

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy/record"
)

// Record is a Helm release record (Helm v3, pkg/release/release.go), with every field as it was stored, known or not.
type Record struct {
	// Name and Version identify the revision in its namespace.
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Manifest is the stored manifest, without hooks.
	Manifest string `json:"manifest"`
	Info     struct {
		Status string `json:"status"`
	} `json:"info"`
	Chart struct {
		Metadata struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"metadata"`
	} `json:"chart"`
	// AccessURL is the value envproxy.accessURL; empty if it was not given.
	AccessURL string `json:"-"`

	fields map[string]json.RawMessage
}

// DecodeRecord reads the value that Helm stores under the key "release"; see record.Unpack. Errors never show content.
func DecodeRecord(encoded []byte) (Record, error) {
	text, err := record.Unpack(encoded)
	if err != nil {
		return Record{}, err
	}
	var r Record
	// The text of a JSON error can quote the content, which may hold secrets.
	if err := errors.Join(json.Unmarshal(text, &r), json.Unmarshal(text, &r.fields)); err != nil {
		return Record{}, fmt.Errorf("the record is not the JSON of a Helm release (%s)", jsonProblem(err))
	}
	if r.Name == "" || r.Version < 1 {
		return Record{}, errors.New("the record is not a Helm release: it has no name or no revision")
	}
	var values struct {
		Envproxy struct {
			AccessURL string `json:"accessURL"`
		} `json:"envproxy"`
	}
	// Separately: a value of an odd form counts as none, and must not hide the rest.
	_ = json.Unmarshal(r.fields["config"], &values)
	r.AccessURL = values.Envproxy.AccessURL
	return r, nil
}

// jsonProblem describes a JSON error by its place, without quoting the input.
func jsonProblem(err error) string {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("syntax error at byte %d", syntax.Offset)
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Sprintf("field %s is not a %s", kind.Field, kind.Type)
	default:
		return "it is not an object"
	}
}

// EncodeWith returns the record with the manifest, and all else unchanged, as Helm stores it. Equal records encode
// equally. A result larger than Kubernetes stores is an error.
func (r Record) EncodeWith(manifest string) ([]byte, error) {
	fields := map[string]any{}
	for name, value := range r.fields {
		fields[name] = value
	}
	fields["manifest"] = manifest
	text, err := marshal(fields)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // fails for unknown levels only
	_, err = writer.Write(text)
	if err := errors.Join(err, writer.Close()); err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.AppendEncode(nil, packed.Bytes())
	if len(encoded) > record.MaxEncoded {
		return nil, fmt.Errorf("the record would have %d bytes, more than the %d that Kubernetes stores", len(encoded), record.MaxEncoded)
	}
	return encoded, nil
}

// marshal leaves <, > and & as they are: escaping them would change fields that are not ours.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("the record cannot be written: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}
