package printer

import (
	"bytes"
	"embed"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"text/template"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
)

// forms write documents for people, each named after its kind. What a form writes is laid out line by line:
//
//   - Lines of cells, which " | " separates, are a table; its titles are first. A cell without text shows "-". In a
//     form, a line that begins with | continues the one before.
//   - Other text is wrapped below its own first column, or below ¦.
//   - A line with » is never wrapped: what follows is something to copy.
//   - A line of ¶ leaves one line free, but not at the top or end, and never two. Empty lines vanish.
//
// Texts of the document cannot pass for any of these: what they are made of has become control characters before a form
// is parsed, and has been escaped in the document.
//
//go:embed forms
var forms embed.FS

const (
	cellMark  = "\x1f"
	hangMark  = "\x1e"
	wholeMark = "\x1d"
	blankMark = "\x1c"
	noText    = "\x00" // a cell that shows nothing
)

// page lays out text for people.
type page struct {
	Options
	wide  bool
	once  bool // set if the command cannot be run again to see more
	form  *template.Template
	out   bytes.Buffer
	apart bool // set if the next line is to be apart from the last one
}

// print writes a document; one without a form, such as a Fleet, is for a file.
func (p *page) print(document runtime.Object, w io.Writer) error {
	kind, err := kindOf(document)
	if err == nil {
		err = p.parse("common", kind)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return encoded(&printers.YAMLPrinter{}).PrintObj(document, w)
	} else if err != nil {
		return err
	}
	harmless, err := changed(document, inert)
	if err != nil {
		return err
	}
	p.once = kind == "MigrationReport"
	text, err := p.render(kind, harmless)
	if err != nil {
		return err
	}
	p.layOut(text)
	_, err = w.Write(p.out.Bytes())
	return err
}

// parse reads forms; not all of them, which would take longer than to print most documents.
func (p *page) parse(names ...string) error {
	cells, marks := regexp.MustCompile(`\s+\| `), strings.NewReplacer("¦", hangMark, "»", wholeMark, "¶", blankMark)
	p.form = template.New("").Funcs(p.functions())
	for _, name := range names {
		text, err := forms.ReadFile("forms/" + name + ".tmpl")
		if err == nil {
			_, err = p.form.New(name).Parse(marks.Replace(cells.ReplaceAllString(string(text), cellMark)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// render returns what a form, or a part of one, writes.
func (p *page) render(name string, data any) (string, error) {
	var text strings.Builder
	err := p.form.ExecuteTemplate(&text, name, data)
	return text.String(), err
}

// inert escapes a text, and keeps its line feeds and tabs as characters that begin no line of ours.
func inert(text string) string {
	return strings.NewReplacer("\n", "\v", "\t", "\f").Replace(Escape(text))
}

func (p *page) layOut(text string) {
	var rows table
	for l := range strings.SplitSeq(text, "\n") {
		if strings.Contains(l, cellMark) {
			rows.add(l)
			continue
		} else if strings.Trim(l, " ") == "" {
			continue
		}
		p.table(rows)
		rows = table{}
		lead, whole, ok := strings.Cut(l, wholeMark)
		switch {
		case ok:
			p.put(lead + whole)
		case strings.Trim(l, " ") == blankMark:
			p.apart = p.out.Len() > 0
		default:
			p.text(l)
		}
	}
	p.table(rows)
}

func (p *page) put(text string) {
	if p.apart {
		p.out.WriteByte('\n')
	}
	p.apart = false
	p.out.WriteString(strings.TrimRight(strings.NewReplacer("\v", " ", "\f", " ").Replace(text), " ") + "\n")
}

// text writes a line wrapped.
func (p *page) text(l string) {
	lead, text, ok := strings.Cut(l, hangMark)
	if !ok {
		text = strings.TrimLeft(l, " ")
		lead = l[:len(l)-len(text)]
	}
	s, text := styled(text)
	p.hang(lead, widthOf(regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(lead, "")), s, text)
}

// hang writes wrapped text after a lead of that width, further lines below the first.
func (p *page) hang(lead string, width int, s style, text string) {
	for _, l := range wrap(text, max(p.Width-width, minColumn)) {
		p.put(lead + s.apply(l, p.Color))
		lead = strings.Repeat(" ", width)
	}
}

// table writes a table unless it has no rows. A long last column is wrapped, others are cut.
func (p *page) table(t table) {
	if len(t.rows) == 0 {
		return
	}
	rows := t.shown(p.wide)
	widths := fit(rows, p.Width-len(t.indent))
	if p.NoHeaders {
		rows = rows[1:]
	}
	for _, row := range rows {
		lead, width, last := t.indent, len(t.indent), len(row)-1
		for i, c := range row[:last] {
			text := truncate(c.text, widths[i])
			lead += c.style.apply(text, p.Color) + pad("", widths[i]-widthOf(text)) + gap
			width += widths[i] + len(gap)
		}
		p.hang(lead, width, row[last].style, row[last].text)
	}
}
