package printer

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

const (
	barsShown    = 10
	barWidth     = 12 // in columns
	figuresWidth = 16 // of what follows a bar
)

// bars are the lines at the bottom of a terminal: one for each region in progress, and a last one for the run. They
// appear with the first region. They are not safe for concurrent use.
type bars struct {
	tally
	w     io.Writer
	size  func() (columns, rows int)
	begun time.Time // zero before the first region
	drawn []int     // the widths of the lines on the screen
	shown int       // the columns of the screen then
	over  bool      // set when only the last line is to remain
}

// write replaces the bars by text and the current bars below it, in one write.
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

// tally counts what a run's events report about total regions or, where workspaces is set, about workspaces: each is
// then a step, and the events' Total is their number.
type tally struct {
	total              int
	workspaces         bool
	running            []v1alpha1.Progress // the latest event of each in progress, in the order in which they began
	done, idle, failed int                 // idle ones needed nothing, and took no time
	wave               string
	starts             map[string]time.Time // by the region, or workspace, in progress
	spent              time.Duration        // on all that ended
}

func (t *tally) note(event v1alpha1.Progress) {
	if t.workspaces {
		t.total = event.Total
	}
	if event.Waves > 1 {
		t.wave = fmt.Sprintf("wave %d of %d, ", event.Wave, event.Waves)
	}
	at := slices.IndexFunc(t.running, func(other v1alpha1.Progress) bool { return t.name(other) == t.name(event) })
	if at < 0 {
		at, t.running = len(t.running), append(t.running, event)
		t.starts[t.name(event)] = event.Time.Time
	}
	if t.running[at] = event; !t.ends(event) {
		return
	}
	if event.State != v1alpha1.StepAlready {
		t.spent += event.Time.Sub(t.starts[t.name(event)])
	}
	t.running = slices.Delete(t.running, at, at+1)
	switch event.State {
	case v1alpha1.StepDone:
		t.done++
	case v1alpha1.StepAlready:
		t.idle++
	default:
		t.failed++
	}
}

func (t *tally) name(event v1alpha1.Progress) string {
	if t.workspaces {
		return event.Region + " " + event.Step
	}
	return event.Region
}

func (t *tally) ends(event v1alpha1.Progress) bool {
	return event.State != v1alpha1.StepRunning && (t.workspaces || event.Step == "")
}

func (t *tally) summary() string {
	text := fmt.Sprintf("%s%d of %d done, %d failed, %d running", t.wave, t.done+t.idle, t.total, t.failed, len(t.running))
	if worked := t.done + t.failed; worked > 0 && len(t.running) > 0 { // the others may take as long, and as many at once
		rounds := (max(t.total-worked-t.idle, 0) + len(t.running) - 1) / len(t.running)
		if left := t.spent / time.Duration(worked) * time.Duration(rounds); left > 0 {
			text += ", about " + duration.HumanDuration(left) + " left"
		}
	}
	return text
}

// lines returns those in progress, each with its bar, up to the most; then how many more there are.
func (t *tally) lines(width, most int) (lines []string) {
	for i, event := range t.running {
		if i == most {
			return append(lines, fmt.Sprintf("and %d more running", len(t.running)-i))
		}
		message, figures, index := "", "", event.Index
		if event.State == v1alpha1.StepRunning {
			message, index = line(event.Message), max(index-1, 0)
		}
		if event.Total > 0 && !t.workspaces {
			full := min(barWidth*index/event.Total, barWidth)
			figures = fmt.Sprintf(" [%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), index, event.Total)
		}
		room := max(width-barWidth-figuresWidth, minColumn)
		lines = append(lines, pad(truncate(beside(line(event.Region), line(stepName(event)), message), room), room)+figures)
	}
	return lines
}
