package printer

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

const (
	barWidth     = 12 // in columns
	figuresWidth = 16 // of what follows a bar
	refresh      = 200 * time.Millisecond
)

// bars are the lines at the bottom of a terminal: one for each region in progress, and a
// last one for the run. They appear with the first region. Its methods are not safe for use
// by several goroutines.
type bars struct {
	tally
	w     io.Writer
	size  func() (columns, rows int)
	begun time.Time // zero before the first region
	drawn []int     // the widths of the lines on the screen
	shown int       // the columns of the screen then
	over  bool      // set when only the last line is to remain
}

// update takes an event into account. The next drawing shows it.
func (b *bars) update(event v1alpha1.Progress) {
	b.note(event)
	if b.begun.IsZero() {
		b.begun = time.Now()
	}
}

// write replaces the bars by text and, below it, the bars as they are now, all at once.
func (b *bars) write(text string) {
	columns, rows := b.size()
	if columns <= 0 {
		columns = DefaultWidth
	}
	up := 0 // a terminal that has become narrower has wrapped the lines
	for _, width := range b.drawn {
		up += max(1, (width+columns-1)/columns)
	}
	if up > 0 && columns < b.shown { // a wrapped line may now continue in the first of ours: keep them apart
		text = "\n" + text
	}
	b.drawn, b.shown = nil, columns
	if !b.begun.IsZero() {
		width := columns - 1 // after the last column some terminals go to the next line
		most := barsShown
		if rows > 0 {
			most = min(most, max(rows-3, 0)) // what has scrolled out of sight cannot be replaced
		}
		var lines []string
		if !b.over {
			lines = b.lines(width, most)
		}
		for _, l := range append(lines, fmt.Sprintf("%s [%s]", b.summary(), time.Since(b.begun).Truncate(time.Second))) {
			l = strings.TrimRight(truncate(l, width), " ")
			text += l + "\n"
			b.drawn = append(b.drawn, widthOf(l))
		}
	}
	if up > 0 { // line by line: what is cleared as a whole, tmux keeps in its history
		text = fmt.Sprintf("\r\x1b[%dA", up) + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
	}
	_, _ = io.WriteString(b.w, text) // nobody may be reading any more; the outcome counts
}
