package snapshot

import "time"

// ChartCache is shared by the regions of a survey.
type ChartCache = chartCache

// Pace limits how many regions are read at once.
type Pace = pace

// NewPace returns a pace with this limit.
func NewPace(limit int) *Pace { return newPace(limit) }

// Begin, End and Observe are called by a survey; Bound is the current limit.
func (p *pace) Begin()                  { p.begin() }
func (p *pace) End()                    { p.end() }
func (p *pace) Observe(d time.Duration) { p.observe(d) }
func (p *pace) Bound() int              { return p.bound }
