package printer

import (
	"bytes"
	"strings"
)

// page is text for people in the making. It escapes and wraps what it is given.
type page struct {
	width int
	color bool
	out   bytes.Buffer
}

// blank leaves one line free, but not at the top and never two.
func (p *page) blank() {
	if p.out.Len() > 0 && !bytes.HasSuffix(p.out.Bytes(), []byte("\n\n")) {
		p.out.WriteByte('\n')
	}
}

// put writes a finished line.
func (p *page) put(text string) {
	p.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

// title writes a line that stands out, wrapped.
func (p *page) title(text string, s style) {
	for _, l := range wrap(line(text), p.width) {
		p.put(s.apply(l, p.color))
	}
}

// text writes wrapped text, all of it one paragraph.
func (p *page) text(indent, text string) {
	for _, l := range wrap(line(text), p.width-len(indent)) {
		p.put(indent + l)
	}
}

// paragraphs writes wrapped text, a paragraph for each of its lines. It is for
// our own words only: in an API's a line could pass itself off as ours.
func (p *page) paragraphs(indent, text string) {
	for _, paragraph := range strings.Split(Escape(text), "\n") {
		for _, l := range wrap(paragraph, p.width-len(indent)) {
			p.put(indent + l)
		}
	}
}

// entry writes a label and, beside it, wrapped text.
func (p *page) entry(indent, label string, width int, s style, text string) {
	lead := indent + s.apply(label, p.color) + strings.Repeat(" ", max(width-widthOf(label), 0)) + gap
	rest := strings.Repeat(" ", len(indent)+width+len(gap))
	for _, l := range wrap(line(text), p.width-len(rest)) {
		p.put(lead + l)
		lead = rest
	}
}

// hanging writes wrapped text after a lead, its further lines below the first.
func (p *page) hanging(indent, lead, text string) {
	for _, l := range wrap(line(text), p.width-len(indent)-len(lead)) {
		p.put(indent + lead + l)
		lead = strings.Repeat(" ", len(lead))
	}
}

// command writes, after a lead, something to copy into a shell: it is escaped
// but never broken, and the blanks in it stay.
func (p *page) command(lead, text string) {
	p.put(lead + strings.NewReplacer("\n", " ", "\t", " ").Replace(Escape(text)))
}

// verbatim writes text line by line, escaped and as it is.
func (p *page) verbatim(indent, text string, styleOf func(string) style) {
	for _, l := range strings.Split(strings.TrimRight(Escape(text), "\n"), "\n") {
		p.put(indent + styleOf(l).apply(l, p.color))
	}
}

// table writes a table.
func (p *page) table(t table, wide bool, indent string) {
	for _, l := range t.lines(p, wide, indent) {
		p.put(l)
	}
}
