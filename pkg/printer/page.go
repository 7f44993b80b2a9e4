package printer

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) print(document runtime.Object, w io.Writer) error {
	switch d := document.(type) {
	case *v1alpha1.Plan:
		p.plan(d)
	case *v1alpha1.MigrationReport:
		p.report(d)
	case *v1alpha1.StatusReport:
		p.status(d)
	case *v1alpha1.VerifyReport:
		p.verification(d)
	case *v1alpha1.WorkspaceReport:
		p.workspaces(d)
	case *v1alpha1.History:
		p.history(d)
	case *v1alpha1.CheckList:
		p.checkList(d)
	case *v1alpha1.VersionInfo:
		p.version(d)
	default:
		return (&encoded{yaml: true}).PrintObj(document, w) // a Fleet is for a file
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// page collects text for people, escaped and wrapped.
type page struct {
	Options
	wide bool
	out  bytes.Buffer
	once bool // set if the command cannot be run again to see more
}

// blank leaves one line free, but not at the top and never two.
func (p *page) blank() {
	if p.out.Len() > 0 && !bytes.HasSuffix(p.out.Bytes(), []byte("\n\n")) {
		p.out.WriteByte('\n')
	}
}

func (p *page) put(text string) {
	p.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

// hang writes wrapped text after a lead of that width, further lines below the first.
func (p *page) hang(lead string, width int, s style, text string) {
	for _, l := range wrap(line(text), max(p.Width-width, minColumn)) {
		p.put(lead + s.apply(l, p.Color))
		lead = strings.Repeat(" ", width)
	}
}

func (p *page) title(text string, s style) { p.hang("", 0, s, text) }

// overview writes what a document begins with: a title and a table.
func (p *page) overview(title string, t table) {
	p.title(title, plain)
	p.blank()
	p.table(t, "")
}

// summary writes what a document ends with.
func (p *page) summary(all ...string) {
	p.blank()
	for _, sentence := range all {
		p.text("", sentence)
	}
}

// notes writes texts about regions, equal ones once.
func (p *page) notes(texts Groups[string]) {
	p.blank()
	for _, g := range texts.List {
		p.text("  ", p.list(g.Regions)+": "+g.First)
	}
}

func (p *page) regions(outcome v1alpha1.Outcome, names ...string) {
	text := "Region " + names[0] + ": " + Words(string(outcome))
	if len(names) > 1 {
		text = fmt.Sprintf("%d regions: %s, all alike: %s", len(names), Words(string(outcome)), p.list(names))
	}
	p.blank()
	p.title(text, outcomeStyle(outcome))
}

func (p *page) text(lead, text string) { p.hang(lead, len(lead), plain, text) }

// paragraphs writes a wrapped paragraph per line. Use it for our own text only: an API's lines could pass for ours.
func (p *page) paragraphs(indent, text string) {
	for _, paragraph := range strings.Split(Escape(text), "\n") {
		p.text(indent, paragraph)
	}
}

// entries returns a function that writes a label and, beside it, wrapped text, if there is any.
func (p *page) entries(width int) func(label string, s style, text string) {
	return func(label string, s style, text string) {
		if text != "" {
			p.hang("  "+s.apply(label, p.Color)+pad("", width-widthOf(label))+gap, 2+width+len(gap), plain, text)
		}
	}
}

// command writes, after a lead, something to copy into a shell: escaped but never wrapped, with all its blanks.
func (p *page) command(lead, text string) {
	p.put(lead + strings.NewReplacer("\n", " ", "\t", " ").Replace(Escape(text)))
}

// table writes a table unless it has no rows. A long last column is wrapped, others are cut.
func (p *page) table(t table, indent string) {
	if len(t.rows) == 0 {
		return
	}
	rows := t.shown(p.wide)
	widths := fit(rows, p.Width-len(indent))
	if p.NoHeaders {
		rows = rows[1:]
	}
	for _, row := range rows {
		lead, width, last := indent, len(indent), len(row)-1
		for i, c := range row[:last] {
			text := truncate(c.text, widths[i])
			lead += c.style.apply(text, p.Color) + pad("", widths[i]-widthOf(text)) + gap
			width += widths[i] + len(gap)
		}
		p.hang(lead, width, row[last].style, row[last].text)
	}
}
