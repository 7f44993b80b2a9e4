package printer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

const barsShown = 10

// tally counts what the events of a run report: of total regions or, where workspaces is
// set, of workspaces, each of which is a step; the events then say how many there are.
type tally struct {
	total              int
	workspaces         bool
	running            []v1alpha1.Progress // the latest event of each in progress, in the order in which they began
	done, idle, failed int                 // idle ones needed nothing, and took no time
	wave               string
	begun              map[string]time.Time // by the region, or workspace, in progress
	spent              time.Duration        // on all that ended
}

func (t *tally) note(event v1alpha1.Progress) {
	if t.workspaces {
		t.total = event.Total
	}
	if event.Waves > 1 {
		t.wave = fmt.Sprintf("wave %d of %d, ", event.Wave, event.Waves)
	}
	at := slices.IndexFunc(t.running, func(other v1alpha1.Progress) bool {
		return t.name(other) == t.name(event)
	})
	if at < 0 {
		at, t.running = len(t.running), append(t.running, event)
		if t.begun == nil {
			t.begun = map[string]time.Time{}
		}
		t.begun[t.name(event)] = event.Time.Time
	}
	if t.running[at] = event; !t.ends(event) {
		return
	}
	if event.State != v1alpha1.StepAlready {
		t.spent += event.Time.Sub(t.begun[t.name(event)])
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

// ends reports whether an event is the last one of its region, or workspace.
func (t *tally) ends(event v1alpha1.Progress) bool {
	return event.State != v1alpha1.StepRunning && (t.workspaces || event.Step == "")
}

func (t *tally) summary() string {
	text := fmt.Sprintf("%s%d of %d done, %d failed, %d running", t.wave, t.done+t.idle, t.total, t.failed, len(t.running))
	if left := t.left(); left > 0 {
		text += ", about " + duration.HumanDuration(left) + " left"
	}
	return text
}

// left is how long the others take if they take as long as those that ended, and as many
// are in progress at once as now; 0 while that is unknown.
func (t *tally) left() time.Duration {
	worked := t.done + t.failed
	if worked == 0 || len(t.running) == 0 {
		return 0
	}
	rounds := (max(t.total-worked-t.idle, 0) + len(t.running) - 1) / len(t.running)
	return t.spent / time.Duration(worked) * time.Duration(rounds)
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
