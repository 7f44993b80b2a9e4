package printer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// maxLive bounds the lines kept up to date: more than a screen holds would
// scroll away, where no sequence can reach them.
const maxLive = 8

// liveLine is a region at work, as the terminal shows it.
type liveLine struct {
	event v1alpha1.Progress
	since time.Time // when the step began
}

// setLive takes an event into the region's line; a new step begins a new time.
func (p *Progress) setLive(event v1alpha1.Progress) {
	for _, l := range p.live {
		if l.event.Region != event.Region {
			continue
		}
		if l.event.Step != event.Step {
			l.since = p.options.Clock.Now()
		}
		l.event = event
		return
	}
	p.live = append(p.live, &liveLine{event: event, since: p.options.Clock.Now()})
}

func (p *Progress) dropLive(region string) {
	p.live = slices.DeleteFunc(p.live, func(l *liveLine) bool { return l.event.Region == region })
}

// draw replaces the live lines on the screen, with lasting text above them, in
// one write, so that a terminal shows no half of it.
func (p *Progress) draw(lasting string) {
	var b strings.Builder
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", p.drawn) // up to the first live line, and clear from there
	}
	b.WriteString(lasting)
	lines := p.liveLines()
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	p.drawn = len(lines)
	p.write(b.String())
}

func (p *Progress) liveLines() []string {
	var lines []string
	for i, l := range p.live {
		if i == maxLive {
			lines = append(lines, truncate(fmt.Sprintf("and %s more", counted(len(p.live)-maxLive, "region")), p.options.Width-1))
			break
		}
		parts := []string{line(l.event.Region)}
		if l.event.Total > 0 {
			parts = append(parts, fmt.Sprintf("[%d/%d]", l.event.Index, l.event.Total))
		}
		if l.event.Step != "" {
			parts = append(parts, line(l.event.Step))
		}
		parts = append(parts, seconds(p.options.Clock.Since(l.since)))
		if l.event.Message != "" {
			parts = append(parts, line(l.event.Message))
		}
		// The last column stays free: some terminals go to the next line after it.
		lines = append(lines, truncate(strings.Join(parts, gap), p.options.Width-1))
	}
	return lines
}
