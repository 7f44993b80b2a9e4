package printer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// cell is a text in a style. A text that is empty, or "-", says nothing.
type cell struct {
	text  string
	style style
}

// table aligns cells in columns that fit a width. cli-runtime's table printer has no limit and counts every character
// as one column, which misaligns rows with East Asian names. A column whose title has "+" added shows only with
// -o wide, one with "?" only if a cell says anything.
type table struct {
	indent string // of the titles
	titles []string
	rows   [][]cell
}

const (
	gap       = "  "
	minColumn = 7     // no column shrinks, and no text is wrapped, below this width
	ellipsis  = "..." // ends text that was cut; ASCII, so that every terminal shows it
)

// add adds the titles first, and then a row, which may leave out its last cells.
func (t *table) add(l string) {
	parts := strings.Split(l, cellMark)
	if t.titles == nil {
		t.indent, t.titles = l[:len(l)-len(strings.TrimLeft(l, " "))], parts
		return
	}
	row := make([]cell, len(t.titles))
	for i := range row {
		s, text := styled(strings.Join(parts[min(i, len(parts)):min(i+1, len(parts))], ""))
		row[i] = cell{strings.Trim(cmp.Or(oneLine(text), "-"), noText), s}
	}
	t.rows = append(t.rows, row)
}

// shown returns the titles and the rows of the columns that show.
func (t table) shown(wide bool) [][]cell {
	rows := make([][]cell, 1+len(t.rows))
	for i, title := range t.titles {
		title = strings.TrimSpace(title)
		says := func(row []cell) bool { return strings.Trim(row[i].text, "-") != "" }
		if strings.HasSuffix(title, "+") && !wide || strings.HasSuffix(title, "?") && !slices.ContainsFunc(t.rows, says) {
			continue
		}
		rows[0] = append(rows[0], cell{strings.TrimRight(title, "+?"), strong})
		for r, row := range t.rows {
			rows[r+1] = append(rows[r+1], row[i])
		}
	}
	return rows
}

// fit returns the width of each column: that of its widest cell, except that the widest columns shrink until everything
// fits. The last one, which wraps, shrinks first as long as it keeps a third of the line.
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

func widthOf(text string) int { return uniseg.StringWidth(text) }

// truncate cuts text to a width, between characters as a reader sees them.
func truncate(text string, width int) string {
	if widthOf(text) <= width {
		return text
	}
	if width <= len(ellipsis) {
		return ellipsis[:max(width, 0)]
	}
	head, _ := cut(text, width-len(ellipsis))
	return strings.TrimRight(head, " ") + ellipsis
}

// cut splits text after as many whole characters as fit into a width.
func cut(text string, width int) (head, tail string) {
	tail, state := text, -1
	for tail != "" {
		_, next, w, after := uniseg.FirstGraphemeClusterInString(tail, state)
		if w > width {
			break
		}
		tail, state, width = next, after, width-w
	}
	return text[:len(text)-len(tail)], tail
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-widthOf(text), 0))
}

// wrap breaks text into lines of at most a width, at blanks where it can.
func wrap(text string, width int) (lines []string) {
	rest := ""
	for word := range strings.FieldsSeq(text) {
		if rest != "" && widthOf(rest)+1+widthOf(word) > width {
			lines, rest = append(lines, rest), ""
		}
		rest = strings.TrimPrefix(rest+" "+word, " ")
		for head, tail := cut(rest, width); head != "" && tail != ""; head, tail = cut(rest, width) {
			lines, rest = append(lines, head), tail
		}
	}
	return append(lines, rest)
}
