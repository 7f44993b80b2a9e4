package printer_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func show(t *testing.T, format string, options printer.Options, document runtime.Object) []byte {
	t.Helper()
	if options.Width == 0 {
		options.Width = printer.DefaultWidth
	}
	p, err := printer.New(format, options)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.PrintObj(document, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// No format prints anything that looks like a secret, wherever in the document it is.
func TestNoSecrets(t *testing.T) {
	const secret = "hunter2"
	texts := []string{
		"postgres://coder:" + secret + "@db/coder", "--db-password=" + secret, `{"token": "` + secret + `"}`,
		"-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n-----END EC PRIVATE KEY-----",
	}
	for _, text := range texts {
		document := &v1alpha1.MigrationReport{Operation: "migrate", Regions: []v1alpha1.RegionReport{{
			Name: "sydney", Error: text, Next: "kubectl " + text, Left: []string{text}, Preflight: []v1alpha1.CheckResult{{ID: "x", State: v1alpha1.CheckFail, Message: text, Hint: text}},
			Steps: []v1alpha1.StepResult{{Name: "a", State: v1alpha1.StepFailed, Error: text, Message: text}},
		}}}
		plan := &v1alpha1.Plan{Regions: []v1alpha1.RegionPlan{{Name: "sydney", Steps: []v1alpha1.StepPlan{{Name: "a", Reason: text, Details: []string{text}, Diff: text}}}}}
		for _, format := range []string{
			"", "wide", "json", "yaml", "name", "jsonpath={.regions[*]}", "go-template={{.regions}}", "custom-columns=A:.error,B:.next,C:.steps",
		} {
			for _, printed := range []runtime.Object{document, plan} {
				if got := show(t, format, printer.Options{}, printed); strings.Contains(string(got), secret) {
					t.Errorf("-o %q shows it:\n%s", format, got)
				}
			}
		}
		if document.Regions[0].Error != text {
			t.Error("the caller's document was changed")
		}
		var out bytes.Buffer
		progress := printer.NewProgress(&out, printer.ProgressOptions{})
		progress.Report(v1alpha1.Progress{Region: "sydney", Step: "a", State: v1alpha1.StepRunning, Message: text})
		if _, err := progress.Write([]byte(text + "\n")); err != nil {
			t.Fatal(err)
		}
		progress.Close()
		if strings.Contains(out.String()+printer.Escape(text), secret) {
			t.Error(out.String())
		}
	}
}

// Text for people fits into 100 columns, except commands to copy, and contains no control
// characters.
func TestText(t *testing.T) {
	for name, document := range documents() {
		for _, format := range []string{"", "wide"} {
			file := name + ".txt"
			if format != "" {
				file = name + "." + format + ".txt"
			}
			t.Run(file, func(t *testing.T) {
				got := show(t, format, printer.Options{}, document)
				golden(t, file, got)
				checkText(t, string(got), printer.DefaultWidth)
			})
		}
	}
}

func TestTextNarrow(t *testing.T) {
	for name, document := range documents() {
		t.Run(name, func(t *testing.T) {
			checkText(t, string(show(t, "wide", printer.Options{Width: 80}, document)), 80)
			show(t, "wide", printer.Options{Width: 1}, document) // ugly, but must not panic
		})
	}
}

// If the output is not a terminal, every row is one uncut line, and headers can be left out.
func TestTextUnbounded(t *testing.T) {
	long := strings.Repeat("as long as it is ", 20)
	document := &v1alpha1.MigrationReport{Operation: "migrate", Regions: []v1alpha1.RegionReport{
		{Name: strings.Repeat("n", 120), Outcome: v1alpha1.OutcomeNotStarted, Error: strings.TrimSpace(long)},
	}}
	for headless, want := range map[bool]int{false: 1, true: 0} {
		for _, format := range []string{"", "custom-columns=REGION:.name,ERROR:.error"} {
			p, err := printer.New(format, printer.Options{NoHeaders: headless})
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := p.PrintObj(document, &out); err != nil {
				t.Fatal(err)
			}
			row := regexp.MustCompile(`(?m)^n{120} .*` + strings.TrimSpace(long) + `$`)
			if !row.MatchString(out.String()) || strings.Count(out.String(), "REGION ") != want {
				t.Errorf("-o %q, headless %t:\n%s", format, headless, out.String())
			}
		}
	}
}

// uncut matches lines that are never wrapped, with commands and paths to copy.
var uncut = regexp.MustCompile(`^ *(next|evidence|try:|more:) `)

func checkText(t *testing.T, text string, width int) {
	t.Helper()
	for i, l := range strings.Split(text, "\n") {
		if w := uniseg.StringWidth(l); w > width && !uncut.MatchString(l) {
			t.Errorf("line %d is %d columns wide: %s", i+1, w, l)
		}
		if strings.TrimRight(l, " ") != l {
			t.Errorf("line %d ends in blanks: %q", i+1, l)
		}
		if strings.HasPrefix(l, "FAKE") {
			t.Errorf("line %d is forged: %q", i+1, l)
		}
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			t.Errorf("the text holds the character %U", r)
		}
	}
}

func TestFormats(t *testing.T) {
	template := filepath.Join(t.TempDir(), "template")
	if err := os.WriteFile(template, []byte("{{.kind}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"json":      "json",
		"yaml":      "yaml",
		"name":      "name",
		"jsonpath":  "jsonpath={.kind}{range .regions[*]}{\" \"}{.name}{end}{.nothing}",
		"columns":   "custom-columns=NAME:.name,OUTCOME:.outcome,ID:.id,NONE:.nothing",
		"gotmpl":    "go-template={{.apiVersion}} {{.kind}}{{range .regions}} {{.name}}{{end}}\n",
		"tmpl-file": "go-template-file=" + template,
	}
	for name, document := range documents() {
		if strings.Contains(name, "-") && name != "status-hostile" {
			continue
		}
		for format, argument := range tests {
			t.Run(name+"."+format, func(t *testing.T) {
				got := show(t, argument, printer.Options{Color: true}, document)
				golden(t, name+"."+format, got)
				if format == "json" || format == "yaml" || format == "name" || format == "columns" {
					checkRaw(t, string(got))
				}
			})
		}
	}
}

func checkRaw(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("raw escape characters in:\n%q", text)
	}
}

func TestColor(t *testing.T) {
	sequences := regexp.MustCompile("\x1b\\[[0-9]+m")
	for name, document := range documents() {
		t.Run(name, func(t *testing.T) {
			colored := show(t, "wide", printer.Options{Color: true}, document)
			bare := show(t, "wide", printer.Options{}, document)
			if diff := cmp.Diff(string(bare), sequences.ReplaceAllString(string(colored), "")); diff != "" {
				t.Errorf("colour changes more than colour (-without +with):\n%s", diff)
			}
			if name == "plan" && !sequences.Match(colored) {
				t.Error("no colour")
			}
		})
	}
}

// Printing does not change the document.
func TestKindIsFilledIn(t *testing.T) {
	document := &v1alpha1.VersionInfo{Version: "v1"}
	if got := string(show(t, "jsonpath={.apiVersion} {.kind}", printer.Options{}, document)); got != "coder-satellite.dev/v1alpha1 VersionInfo" {
		t.Errorf("got %q", got)
	}
	if document.Kind != "" {
		t.Error("the document was changed")
	}
}

func TestNewErrors(t *testing.T) {
	for format, want := range map[string]string{
		"xml":                         `"xml"; use one of json, yaml, name, wide, jsonpath=`,
		"jsonpath={.a":                "unclosed action",
		"jsonpath=":                   "no template",
		"go-template={{":              "unclosed action",
		"go-template-file=nowhere":    "nowhere",
		"custom-columns=":             "no custom columns given",
		"custom-columns=NAME":         "expected <header>:<json-path-expr>",
		"custom-columns-file=nowhere": "nowhere",
	} {
		t.Run(format, func(t *testing.T) {
			p, err := printer.New(format, printer.Options{})
			if p != nil || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		})
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestPrintErrors(t *testing.T) {
	p, err := printer.New("", printer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.PrintObj(&metav1.Status{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "cannot print a *v1.Status") {
		t.Errorf("got %v", err)
	}
	for _, format := range []string{"", "wide", "json", "name", "custom-columns=A:.name"} {
		p, err := printer.New(format, printer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.PrintObj(status(), brokenWriter{}); !errors.Is(err, errBroken) {
			t.Errorf("%q: got %v", format, err)
		}
	}
}

func TestFormatsAreKnown(t *testing.T) {
	for _, format := range printer.Formats() {
		if strings.HasSuffix(format, "-file=") {
			continue
		}
		if strings.HasSuffix(format, "=") {
			format += "A:.a"
		}
		if _, err := printer.New(format, printer.Options{}); err != nil {
			t.Error(err)
		}
	}
}

// A plan that is about to be carried out does not claim that nothing will be changed.
func TestPlanAhead(t *testing.T) {
	const says = "nothing was changed"
	if alone := show(t, "", printer.Options{}, plan()); !bytes.Contains(alone, []byte(says)) {
		t.Errorf("a plan on its own does not say that %s:\n%s", says, alone)
	}
	if ahead := show(t, "", printer.Options{Ahead: true}, plan()); bytes.Contains(ahead, []byte(says)) {
		t.Errorf("a plan that is about to be carried out says that %s:\n%s", says, ahead)
	}
}
