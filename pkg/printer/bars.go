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

// bars are the lines at the bottom of a terminal: one for each region, or workspace, in progress, and a last one for
// the run. They appear with the first event. They are not safe for concurrent use.
type bars struct {
	ProgressOptions
	w                  io.Writer
	begun              time.Time            // zero before the first event
	running            []v1alpha1.Progress  // the latest event of each in progress, in the order in which they began
	starts             map[string]time.Time // of each in progress
	done, idle, failed int                  // idle ones needed nothing, and took no time
	spent              time.Duration        // on all that ended
	wave               string
	drawn              []int // the widths of the lines on the screen
	shown              int   // the columns of the screen then
	over               bool  // set when only the last line is to remain
}

// write replaces the bars by text and the current bars below it, in one write.
func (b *bars) write(text string) {
	columns, rows := b.Size()
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

func (b *bars) note(event v1alpha1.Progress) {
	if b.begun.IsZero() {
		b.begun = time.Now()
	}
	if b.Workspaces {
		b.Total = event.Total
	}
	if event.Waves > 1 {
		b.wave = fmt.Sprintf("wave %d of %d, ", event.Wave, event.Waves)
	}
	at := slices.IndexFunc(b.running, func(other v1alpha1.Progress) bool { return b.name(other) == b.name(event) })
	if at < 0 {
		at, b.running = len(b.running), append(b.running, event)
		b.starts[b.name(event)] = event.Time.Time
	}
	if b.running[at] = event; !b.ends(event) {
		return
	}
	if event.State != v1alpha1.StepAlready {
		b.spent += event.Time.Sub(b.starts[b.name(event)])
	}
	b.running = slices.Delete(b.running, at, at+1)
	switch event.State {
	case v1alpha1.StepDone:
		b.done++
	case v1alpha1.StepAlready:
		b.idle++
	default:
		b.failed++
	}
}

func (b *bars) name(event v1alpha1.Progress) string {
	if b.Workspaces {
		return event.Region + " " + event.Step
	}
	return event.Region
}

func (b *bars) ends(event v1alpha1.Progress) bool {
	return event.State != v1alpha1.StepRunning && (b.Workspaces || event.Step == "")
}

func (b *bars) summary() string {
	text := fmt.Sprintf("%s%d of %d done, %d failed, %d running", b.wave, b.done+b.idle, b.Total, b.failed, len(b.running))
	if worked := b.done + b.failed; worked > 0 && len(b.running) > 0 { // the others may take as long, and as many at once
		rounds := (max(b.Total-worked-b.idle, 0) + len(b.running) - 1) / len(b.running)
		if left := b.spent / time.Duration(worked) * time.Duration(rounds); left > 0 {
			text += ", about " + duration.HumanDuration(left) + " left"
		}
	}
	return text
}

// lines returns those in progress, each with its bar, up to the most; then how many more there are.
func (b *bars) lines(width, most int) (lines []string) {
	for i, event := range b.running {
		if i == most {
			return append(lines, fmt.Sprintf("and %d more running", len(b.running)-i))
		}
		message, figures, index := "", "", event.Index
		if event.State == v1alpha1.StepRunning {
			message, index = line(event.Message), max(index-1, 0)
		}
		if event.Total > 0 && !b.Workspaces {
			full := min(barWidth*index/event.Total, barWidth)
			figures = fmt.Sprintf(" [%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), index, event.Total)
		}
		room := max(width-barWidth-figuresWidth, minColumn)
		lines = append(lines, pad(truncate(beside(line(event.Region), line(stepName(event)), message), room), room)+figures)
	}
	return lines
}
