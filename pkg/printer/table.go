package printer

import (
	"fmt"
	"slices"
)

type cell struct {
	text  string
	style style
}

type column struct {
	title string
	// wide columns show only with -o wide, hidden ones never, and optional ones only
	// if a row has more than "-" there.
	wide, hidden, optional bool
}

// table aligns cells in columns that fit a width. cli-runtime's table printer
// bounds no width and counts every character as one column, which misaligns rows
// with East Asian names.
type table struct {
	columns []column
	rows    [][]cell
}

const gap = "  "

// minColumn is the width below which no column shrinks and no text is wrapped.
const minColumn = 7

// add adds a row; its cells are texts, or cells if they have a style.
func (t *table) add(cells ...any) {
	row := make([]cell, len(cells))
	for i, c := range cells {
		styled, ok := c.(cell)
		if !ok {
			styled.text = fmt.Sprint(c)
		}
		row[i] = styled
	}
	t.rows = append(t.rows, row)
}

// shown returns the titles and the rows, escaped, of the columns that show.
func (t table) shown(wide bool) [][]cell {
	rows := make([][]cell, 1+len(t.rows))
	for i, c := range t.columns {
		filled := func(row []cell) bool { return row[i].text != "-" }
		if c.hidden || c.wide && !wide || c.optional && !slices.ContainsFunc(t.rows, filled) {
			continue
		}
		rows[0] = append(rows[0], cell{text: c.title, style: strong})
		for r, row := range t.rows {
			rows[r+1] = append(rows[r+1], cell{text: line(row[i].text), style: row[i].style})
		}
	}
	return rows
}

// fit returns the width of each column: that of its widest cell, except that the widest
// columns shrink until everything fits. The last one, which wraps, shrinks first as long
// as it keeps a third of the line.
func fit(rows [][]cell, width int) []int {
	widths, last := make([]int, len(rows[0])), len(rows[0])-1
	over := last*len(gap) - width
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], widthOf(row[i].text))
		}
		over += widths[i]
	}
	if give := min(over, widths[last]-max(width/3, widthOf(rows[0][last].text))); give > 0 {
		widths[last] -= give
		over -= give
	}
	for ; over > 0 && slices.Max(widths) > minColumn; over-- {
		widths[slices.Index(widths, slices.Max(widths))]--
	}
	return widths
}
