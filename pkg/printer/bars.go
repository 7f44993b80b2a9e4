package printer

import (
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Widths of a bar, and of the figures after it, in columns.
const (
	barWidth     = 12
	figuresWidth = 16
)

// refresh is how often the bars are drawn.
const refresh = 200 * time.Millisecond

// bars are the lines at the bottom of a terminal: one for each region at work, and a last
// one for the run. They appear with the first region. Its methods are not safe for use by
// several goroutines.
type bars struct {
	tally
	writer progress.Writer
	width  int
	last   *progress.Tracker // stays until the end: without one no line is drawn
	drawn  chan struct{}     // closed when the last drawing is done
}

func newBars(w io.Writer, options ProgressOptions) *bars {
	b := &bars{tally: tally{total: options.Total, workspaces: options.Workspaces}, writer: progress.NewWriter(), width: options.Width - 1} // after the last column some terminals go to the next line
	b.writer.SetOutputWriter(w)
	b.writer.SetUpdateFrequency(refresh)
	b.writer.SetTerminalWidth(b.width)
	b.writer.SetTrackerPosition(progress.PositionRight)
	style := progress.StyleDefault
	style.Options.Separator, style.Options.DoneString, style.Options.ErrorString = "", "", ""
	style.Options.TimeInProgressPrecision, style.Options.TimeDonePrecision = time.Second, time.Second
	style.Visibility = progress.StyleVisibility{Time: true, Pinned: true}
	b.writer.SetStyle(style)
	return b
}

// update brings the lines up to date.
func (b *bars) update(event v1alpha1.Progress) {
	b.note(event)
	b.writer.SetPinnedMessages(b.lines(b.width)...)
	if b.last != nil {
		b.last.UpdateMessage(b.summary())
		return
	}
	b.last, b.drawn = &progress.Tracker{Message: b.summary()}, make(chan struct{})
	b.writer.AppendTracker(b.last)
	go func() { // ends with close
		defer close(b.drawn)
		b.writer.Render()
	}()
}

// log shows a line above the bars; it reports false if there are none yet.
func (b *bars) log(line string) bool {
	if b.last == nil {
		return false
	}
	b.writer.Log("%s", line)
	return true
}

// close draws the last line a last time, and waits for that.
func (b *bars) close() {
	if b.last == nil {
		return
	}
	b.last.MarkAsDone()
	for {
		b.writer.Stop() // does nothing before the drawing has begun
		select {
		case <-b.drawn:
			return
		case <-time.After(time.Millisecond):
		}
	}
}
