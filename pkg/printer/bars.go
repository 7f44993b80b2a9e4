package printer

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Widths of a bar and of the figures after it, in columns.
const (
	barWidth     = 12
	figuresWidth = 26
)

// refresh is how often the bars are drawn.
const refresh = 200 * time.Millisecond

// bars are a bar per region at work, and one for all regions, at the bottom of
// a terminal. They appear with the first region. Its methods are not safe for
// use by several goroutines.
type bars struct {
	writer  progress.Writer
	regions map[string]*progress.Tracker
	all     *progress.Tracker // stays until the end: without a bar no line is drawn
	total   int
	done    int           // regions
	drawn   chan struct{} // closed when the last drawing is done
}

func newBars(w io.Writer, options ProgressOptions) *bars {
	writer := progress.NewWriter()
	writer.SetOutputWriter(w)
	writer.SetUpdateFrequency(refresh)
	writer.SetTerminalWidth(options.Width - 1) // after the last column some terminals go to the next line
	writer.SetMessageLength(max(options.Width-barWidth-figuresWidth, 20))
	writer.SetTrackerLength(barWidth)
	writer.SetTrackerPosition(progress.PositionRight)
	style := progress.StyleDefault
	style.Options.Separator, style.Options.SnipIndicator = " ", "..."
	style.Options.DoneString, style.Options.ErrorString = "done", "not done"
	style.Options.TimeInProgressPrecision, style.Options.TimeDonePrecision = time.Second, time.Second
	style.Visibility = progress.StyleVisibility{Time: true, Tracker: true, Value: true}
	if options.Color {
		style.Colors.Error, style.Colors.Tracker = text.Colors{text.FgRed}, text.Colors{text.FgGreen}
	}
	writer.SetStyle(style)
	return &bars{writer: writer, regions: make(map[string]*progress.Tracker), total: max(options.Regions, 1)}
}

// update brings the region's bar up to date.
func (b *bars) update(event v1alpha1.Progress) {
	if b.all == nil {
		b.all = &progress.Tracker{Message: "all regions", Total: int64(b.total), Units: outOf(b.total)}
		b.writer.AppendTracker(b.all)
		b.drawn = make(chan struct{})
		go func() { // ends with close
			defer close(b.drawn)
			b.writer.Render()
		}()
	}
	region := b.regions[event.Region]
	if region == nil {
		region = &progress.Tracker{Total: int64(max(event.Total, 1)), Units: outOf(event.Total)}
		b.regions[event.Region] = region
		b.writer.AppendTracker(region)
	}
	message := ""
	if event.State == v1alpha1.StepRunning {
		message = line(event.Message)
	}
	region.UpdateMessage(beside(line(event.Region), line(stepName(event)), message))
	done := event.State == v1alpha1.StepDone || event.State == v1alpha1.StepAlready
	switch {
	case !done:
		region.SetValue(int64(max(event.Index-1, 0)))
	case event.Index < event.Total:
		region.SetValue(int64(event.Index))
	default:
		region.UpdateMessage(line(event.Region))
		region.SetValue(region.Total) // which ends it
		b.done++
		if b.done < b.total {
			b.all.SetValue(int64(b.done))
		}
	}
}

// log shows a line above the bars; it reports false if there are none yet.
func (b *bars) log(line string) bool {
	if b.all == nil {
		return false
	}
	b.writer.Log("%s", line)
	return true
}

// close draws the bars a last time, and waits for that.
func (b *bars) close() {
	if b.all == nil {
		return
	}
	for _, region := range b.regions {
		if !region.IsDone() {
			region.MarkAsErrored()
		}
	}
	if b.done == b.total {
		b.all.SetValue(b.all.Total)
	} else {
		b.all.MarkAsErrored()
	}
	for {
		b.writer.Stop() // does nothing before the drawing has begun
		select {
		case <-b.drawn:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// outOf formats a count as "3 of 8".
func outOf(total int) progress.Units {
	return progress.Units{Formatter: func(value int64) string { return fmt.Sprintf("%d of %d", value, total) }}
}
