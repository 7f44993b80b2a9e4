package printer

import "strings"

// cell is one field of a table.
type cell struct {
	text  string
	style style
}

// column is one column of a table.
type column struct {
	title string
	// wide columns show only with -o wide, hidden ones never.
	wide, hidden bool
}

// table aligns cells in columns that fit a width. cli-runtime's table printer
// bounds no width and takes every character for one column wide, which puts
// rows with East Asian names askew.
type table struct {
	columns []column
	rows    [][]cell
}

// gap separates columns.
const gap = "  "

// minColumn is how narrow a column may become before the next one has to give.
const minColumn = 8

// lines returns the table's lines, cells escaped. The last column is wrapped if
// it is too long, all others are cut.
func (t table) lines(p *page, wide bool, indent string) []string {
	shown, rows := t.shown(wide)
	if len(shown) == 0 || len(rows) == 0 {
		return nil
	}
	widths := fit(shown, rows, p.width-len(indent))
	header := make([]cell, 0, len(shown))
	for _, c := range shown {
		header = append(header, cell{text: c.title, style: strong})
	}
	var out []string
	for _, row := range append([][]cell{header}, rows...) {
		out = append(out, p.row(row, widths, indent)...)
	}
	return out
}

// shown leaves out the columns that show in wide tables only.
func (t table) shown(wide bool) (columns []column, rows [][]cell) {
	rows = make([][]cell, len(t.rows))
	for i, c := range t.columns {
		if c.hidden || c.wide && !wide {
			continue
		}
		columns = append(columns, c)
		for r, row := range t.rows {
			rows[r] = append(rows[r], cell{text: line(row[i].text), style: row[i].style})
		}
	}
	return columns, rows
}

// fit returns how wide each column is: as wide as its widest cell, but for the
// widest columns, which give way until everything fits. The last one, which
// wraps, gives way first as long as it keeps a third of the line.
func fit(columns []column, rows [][]cell, width int) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = widthOf(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], widthOf(row[i].text))
		}
	}
	over := (len(columns) - 1) * len(gap)
	for _, w := range widths {
		over += w
	}
	over -= width
	last := len(widths) - 1
	if give := min(over, widths[last]-max(width/3, widthOf(columns[last].title))); give > 0 {
		widths[last] -= give
		over -= give
	}
	for over > 0 {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minColumn {
			break
		}
		widths[widest]--
		over--
	}
	return widths
}

// row returns the lines of one row.
func (p *page) row(row []cell, widths []int, indent string) []string {
	last := len(row) - 1
	var b strings.Builder
	b.WriteString(indent)
	for i, c := range row[:last] {
		b.WriteString(c.style.apply(truncate(c.text, widths[i]), p.color))
		b.WriteString(strings.Repeat(" ", max(widths[i]-widthOf(truncate(c.text, widths[i])), 0)) + gap)
	}
	before := widthOf(indent) + last*len(gap)
	for _, w := range widths[:last] {
		before += w
	}
	var out []string
	for i, text := range wrap(row[last].text, widths[last]) {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", before))
		}
		b.WriteString(row[last].style.apply(text, p.color))
		out = append(out, strings.TrimRight(b.String(), " "))
		b.Reset()
	}
	return out
}
