package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	html "html/template"
	"io"
	"path/filepath"
	"slices"
	text "text/template"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

//go:embed templates
var templates embed.FS

// Report is what a report shows: at most one document of each kind, and the events of a run; any may be missing.
type Report struct {
	Plan          *v1alpha1.Plan
	Done          *v1alpha1.MigrationReport
	Status        *v1alpha1.StatusReport
	Verify        *v1alpha1.VerifyReport
	Events        []v1alpha1.Progress
	Several       bool // Read takes logs, and documents of one kind of several machines, for Merge
	runs          []*v1alpha1.MigrationReport
	looks         []*v1alpha1.StatusReport
	Live, Refresh bool // on a page that shows a run in progress; Refresh if it reloads itself
}

// Formats returns the output formats: one page that needs no network, XML for CI, Markdown for a ticket, and metrics.
func Formats() []string { return []string{"html", "junit", "markdown", "prometheus"} }

// FormatOf returns the format of a file by its extension.
func FormatOf(file string) (string, error) {
	i := slices.Index([]string{".html", ".xml", ".md", ".prom"}, filepath.Ext(file))
	if i < 0 {
		return "", fmt.Errorf("%q has no ending that stands for a format: use .html, .xml (JUnit), .md or .prom (Prometheus)", file)
	}
	return Formats()[i], nil
}

// Read adds the documents in data, as -o json and --events write them, without secrets and control characters. It
// leaves out a truncated last event: the run may have been killed, or be writing it. Errors do not name the file.
func (r *Report) Read(data []byte) error {
	if r.Several {
		data = inLog(data)
	}
	decoder := json.NewDecoder(bytes.NewReader(redact.Strings(data, printer.Escape)))
	for read := 0; ; read++ {
		var raw json.RawMessage
		var head metav1.TypeMeta
		err := decoder.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF) && read == 0 && !r.Several: // the log of a pod that was killed has no document
			return errors.New("it is empty")
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && len(r.Events) > 0:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("it is truncated: it was not written whole")
		case err != nil || json.Unmarshal(raw, &head) != nil:
			return errors.New("it is not a JSON document, as -o json and --events write them")
		case head.APIVersion != v1alpha1.GroupVersion().String():
			return fmt.Errorf("it is a %q of version %q: reports show documents of %s", head.Kind, head.APIVersion, v1alpha1.GroupVersion())
		}
		var event *v1alpha1.Progress
		into, ok := map[string]any{
			v1alpha1.KindPlan: &r.Plan, v1alpha1.KindMigrationReport: &r.Done, "StatusReport": &r.Status, "VerifyReport": &r.Verify, v1alpha1.KindProgress: &event,
		}[head.Kind]
		if !ok {
			return fmt.Errorf("it is a %q: reports show Plan, MigrationReport, StatusReport, VerifyReport and Progress", head.Kind)
		}
		var run *v1alpha1.MigrationReport
		var look *v1alpha1.StatusReport
		if several, is := map[string]any{v1alpha1.KindMigrationReport: &run, "StatusReport": &look}[head.Kind]; r.Several && is {
			into = several
		}
		if there, _ := json.Marshal(into); string(there) != "null" {
			return fmt.Errorf("it is a second %s: a report shows one of each kind", head.Kind)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return fmt.Errorf("its %s is broken: %w", head.Kind, err)
		}
		switch {
		case event != nil:
			r.Events = append(r.Events, *event)
		case run != nil:
			r.runs = append(r.runs, run)
		case look != nil:
			r.looks = append(r.looks, look)
		}
	}
}

// Write writes the whole report or, on an error, nothing.
func (r *Report) Write(w io.Writer, format string) error { return write(w, format, r.view()) }

func write(w io.Writer, name string, data any) error {
	var page interface{ Execute(io.Writer, any) error }
	var err error
	if name == "html" || name == "junit" { // what is shown is escaped for where it stands
		page, err = html.New(name+".tmpl").Funcs(functions()).ParseFS(templates, "templates/"+name+".tmpl", "templates/style.css")
	} else {
		page, err = text.New(name+".tmpl").Funcs(functions()).ParseFS(templates, "templates/"+name+".tmpl")
	}
	var out bytes.Buffer
	if err == nil {
		err = page.Execute(&out, data)
	}
	if err == nil {
		_, err = w.Write(out.Bytes())
	}
	return err
}
