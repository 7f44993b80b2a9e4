package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// Report is what a report shows: at most one document of each kind, and the events of a
// run; any of them may be missing. The fields are named after the kinds.
type Report struct {
	Plan            *v1alpha1.Plan
	MigrationReport *v1alpha1.MigrationReport
	StatusReport    *v1alpha1.StatusReport
	VerifyReport    *v1alpha1.VerifyReport
	Progress        []v1alpha1.Progress
	// Live is set on a page that shows a run at work, and Refresh if the page loads itself again.
	Live, Refresh bool
}

// Add adds a copy of a document, without secrets and without what a terminal would obey. It
// refuses other kinds and, except of Progress, a second document of a kind.
func (r *Report) Add(document any) error {
	copied := changed(reflect.ValueOf(document), printer.Escape)
	kind := copied.Type().Elem().Name()
	switch field := r.field(kind); {
	case !field.IsValid():
		return fmt.Errorf("it is a %q: reports show Plan, MigrationReport, StatusReport, VerifyReport and Progress", kind)
	case field.Kind() == reflect.Slice:
		field.Set(reflect.Append(field, copied.Elem()))
	case !field.IsNil():
		return fmt.Errorf("it is a second %s: a report shows one of each kind", kind)
	default:
		field.Set(copied)
	}
	return nil
}

// field is where documents of a kind are kept; invalid if they are not.
func (r *Report) field(kind string) reflect.Value {
	field := reflect.ValueOf(r).Elem().FieldByName(kind)
	if field.IsValid() && field.Kind() == reflect.Bool {
		return reflect.Value{}
	}
	return field
}

// Read adds the documents in data, as -o json and --events write them, one after another. A
// last event that is cut off is left out: the run may have been killed, or be writing it.
// The error says what is wrong with the data, and does not name the file.
func (r *Report) Read(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	for read := 0; ; read++ {
		var raw json.RawMessage
		var head metav1.TypeMeta
		err := decoder.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF) && read == 0:
			return errors.New("it is empty")
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && len(r.Progress) > 0:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("it is truncated: it was not written whole")
		case err != nil || json.Unmarshal(raw, &head) != nil:
			return errors.New("it is not a JSON document, as -o json and --events write them")
		case head.APIVersion != v1alpha1.GroupVersion().String():
			return fmt.Errorf("it is a %q of version %q: reports show documents of %s", head.Kind, head.APIVersion, v1alpha1.GroupVersion())
		}
		field := r.field(head.Kind)
		if !field.IsValid() {
			return fmt.Errorf("it is a %q: reports show Plan, MigrationReport, StatusReport, VerifyReport and Progress", head.Kind)
		}
		document := reflect.New(field.Type().Elem()).Interface() // of a pointer or of a slice
		if err := json.Unmarshal(raw, document); err != nil {
			return fmt.Errorf("its %s is broken: %w", head.Kind, err)
		}
		if err := r.Add(document); err != nil {
			return err
		}
	}
}

// changed returns a deep copy, with change applied to each text in it.
func changed(value reflect.Value, change func(string) string) reflect.Value {
	out := reflect.New(value.Type()).Elem()
	out.Set(value)
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			out.Set(reflect.New(value.Type().Elem()))
			out.Elem().Set(changed(value.Elem(), change))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() { // a time has none, and no text
				out.Field(i).Set(changed(value.Field(i), change))
			}
		}
	case reflect.Slice:
		out.Set(reflect.MakeSlice(value.Type(), value.Len(), value.Len()))
		for i := range value.Len() {
			out.Index(i).Set(changed(value.Index(i), change))
		}
	case reflect.String:
		out.SetString(change(value.String()))
	}
	return out
}
