package fleet

import (
	"slices"
	"time"
	_ "time/tzdata" // a container image or Windows may have no time zones
)

// Wave is a part of a rollout.
type Wave struct {
	Name    string   // unique in the fleet
	Regions []string // the names of those of its regions that are selected, in the order in which they start
	// All are all its regions that are not excluded, also those that other runs migrate; without a home, the selected ones.
	All         []Region
	Flags       string        // that select it on a command line
	MaxParallel int           // regions in progress at once; at least 1
	Approval    bool          // somebody must approve it before it starts
	Window      Window        // when its regions may start
	Soak        time.Duration // how long the next wave waits after it
	Gates       []Gate        // what the next wave waits for after that
}

// Gate is one condition on a wave that was migrated. One of its fields is set.
type Gate struct {
	Check        string        // the ID of a check that must pass in every region
	LatencyRatio float64       // the most that the way to the satellite may take, as a multiple of the one to the primary
	MaxGap       time.Duration // the longest time without an answer
	Exec         []string      // a command and its arguments
	Dir          string        // the folder in which it runs; absolute
}

// Window is a part of each day, or of some days of the week. The zero value is always open.
type Window struct {
	Days     []time.Weekday // on which it opens; none means every day
	From, To time.Duration  // since midnight; it closes on the next day if To is not later than From
	Zone     *time.Location // nil means UTC
	Text     string         // as the operator wrote it; empty for the zero value
}

// Opens returns when the window is open next: now, if it is open. A day's window is one of the wall clock, so that it is
// an hour shorter or longer when the clocks are changed.
func (w Window) Opens(now time.Time) time.Time {
	zone := w.Zone
	if zone == nil {
		zone = time.UTC
	}
	here := now.In(zone)
	for day := -1; ; day++ { // yesterday's may still be open
		at := func(since time.Duration, days int) time.Time {
			return time.Date(here.Year(), here.Month(), here.Day()+day+days, int(since.Hours()), int(since.Minutes())%60, 0, 0, zone)
		}
		opens, closes := at(w.From, 0), at(w.To, 0)
		if w.To <= w.From {
			closes = at(w.To, 1)
		}
		if len(w.Days) > 0 && !slices.Contains(w.Days, at(0, 0).Weekday()) || !now.Before(closes) {
			continue
		}
		if now.Before(opens) {
			return opens
		}
		return now
	}
}
