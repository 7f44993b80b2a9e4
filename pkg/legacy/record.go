package legacy

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy/record"
)

// Record is a Helm release record. It keeps every field of the stored JSON,
// known or not, as it was written.
type Record struct {
	// Name, Namespace and Version identify the revision; Status is Helm's.
	Name, Namespace string
	Version         int
	Status          string
	// ChartName, ChartVersion and AppVersion are the chart's.
	ChartName, ChartVersion, AppVersion string
	// AccessURL is the value envproxy.accessURL; empty if it was not given.
	AccessURL string
	// Manifest is the stored manifest, without hooks.
	Manifest string

	fields map[string]json.RawMessage
}

// stored is what is read of a record (Helm v3, pkg/release/release.go).
type stored struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Version   int    `json:"version"`
	Manifest  string `json:"manifest"`
	Info      struct {
		Status string `json:"status"`
	} `json:"info"`
	Chart struct {
		Metadata struct {
			Name       string `json:"name"`
			Version    string `json:"version"`
			AppVersion string `json:"appVersion"`
		} `json:"metadata"`
	} `json:"chart"`
	// Config is decoded apart: a value of an odd form must not hide the rest.
	Config json.RawMessage `json:"config"`
}

// DecodeRecord reads the value that Helm stores under the key "release":
// base64 of gzipped JSON or, as early Helm 3 wrote it, of plain JSON. The error
// says which layer is broken, and never shows content.
func DecodeRecord(encoded []byte) (Record, error) {
	text, err := record.Unpack(encoded)
	if err != nil {
		return Record{}, err
	}
	return parseRecord(text)
}

func parseRecord(text []byte) (Record, error) {
	var known stored
	// The text of a JSON error can quote the content, which may hold secrets.
	if err := json.Unmarshal(text, &known); err != nil {
		return Record{}, fmt.Errorf("the record is not the JSON of a Helm release (%s)", jsonProblem(err))
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return Record{}, fmt.Errorf("the record is not the JSON of a Helm release (%s)", jsonProblem(err))
	}
	if known.Name == "" || known.Version < 1 {
		return Record{}, errors.New("the record is not a Helm release: it has no name or no revision")
	}
	var values struct {
		Envproxy struct {
			AccessURL string `json:"accessURL"`
		} `json:"envproxy"`
	}
	_ = json.Unmarshal(known.Config, &values) // nothing there means that the values do not say
	return Record{
		Name: known.Name, Namespace: known.Namespace, Version: known.Version, Status: known.Info.Status,
		ChartName: known.Chart.Metadata.Name, ChartVersion: known.Chart.Metadata.Version, AppVersion: known.Chart.Metadata.AppVersion,
		AccessURL: values.Envproxy.AccessURL, Manifest: known.Manifest, fields: fields,
	}, nil
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

// WithManifest returns the record with another manifest and all else as it is.
func (r Record) WithManifest(manifest string) (Record, error) {
	text, err := marshal(manifest)
	if err != nil {
		return Record{}, err
	}
	r.fields = maps.Clone(r.fields)
	r.fields["manifest"] = text
	r.Manifest = manifest
	return r, nil
}

// Encode returns the record as Helm stores it. Equal records encode equally.
// The error says so if the result is larger than Kubernetes stores.
func (r Record) Encode() ([]byte, error) {
	text, err := r.json()
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(text); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.AppendEncode(nil, packed.Bytes())
	if len(encoded) > record.MaxEncoded {
		return nil, fmt.Errorf("the record would have %d bytes, more than the %d that Kubernetes stores", len(encoded), record.MaxEncoded)
	}
	return encoded, nil
}

func (r Record) json() ([]byte, error) { return marshal(r.fields) }

// marshal keeps <, > and & as they are: escaping them would change fields that
// are not ours.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("the record cannot be written: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}
