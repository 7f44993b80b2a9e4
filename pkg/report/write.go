package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	html "html/template"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	text "text/template"
)

//go:embed templates
var templates embed.FS

// Format is what a report is written as.
type Format string

// Formats of reports.
const (
	HTML       Format = "html"       // one page that needs no network
	JUnit      Format = "junit"      // XML for CI: a suite per region, a case per check or step
	Markdown   Format = "markdown"   // for a change ticket or a pull request
	Prometheus Format = "prometheus" // metrics, for node_exporter's textfile collector
)

// Formats returns all of them.
func Formats() []Format { return []Format{HTML, JUnit, Markdown, Prometheus} }

// FormatOf returns the format that a file's ending stands for; the error names the endings.
func FormatOf(file string) (Format, error) {
	format, ok := map[string]Format{".html": HTML, ".xml": JUnit, ".md": Markdown, ".prom": Prometheus}[filepath.Ext(file)]
	if !ok {
		return "", fmt.Errorf("%q has no ending that stands for a format: use .html, .xml (JUnit), .md or .prom (Prometheus)", file)
	}
	return format, nil
}

// Write writes the report whole, or nothing of it. A format that the formats above do not
// name is an error.
func (r *Report) Write(w io.Writer, format Format) error {
	var page interface{ Execute(io.Writer, any) error }
	var err error
	switch name := "templates/" + string(format) + ".tmpl"; format {
	case HTML:
		page, err = html.New(filepath.Base(name)).Funcs(html.FuncMap(functions())).ParseFS(templates, name)
	case JUnit, Prometheus: // every text is escaped before, so that no template can forget to
		escaped, _ := changed(reflect.ValueOf(*r), map[Format]func(string) string{JUnit: xmlText, Prometheus: labelValue}[format]).Interface().(Report)
		r = &escaped
		fallthrough
	case Markdown:
		page, err = text.New(filepath.Base(name)).Funcs(functions()).ParseFS(templates, name)
	default:
		err = fmt.Errorf("cannot write a report as %q: use one of %v", format, Formats())
	}
	var out bytes.Buffer
	if err == nil {
		err = page.Execute(&out, r.view())
	}
	if err == nil {
		_, err = w.Write(out.Bytes())
	}
	return err
}

func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

func labelValue(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text)
}

// style is the page's style, and the hash by which the page's policy lets it through.
func style() (css html.CSS, hash string, err error) {
	data, err := templates.ReadFile("templates/style.css")
	sum := sha256.Sum256(data)
	return html.CSS(data), "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), err //nolint:gosec // the style is our own
}
