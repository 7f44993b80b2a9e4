package snapshot

import "time"

// ChartCache is what the regions of a survey share.
type ChartCache = chartCache

// Pace bounds how many regions are looked at at once.
type Pace = pace

// NewPace returns a pace of at most so many regions.
func NewPace(limit int) *Pace { return newPace(limit) }

// Begin, End and Observe are what a survey does; Bound is what it may do.
func (p *pace) Begin()                  { p.begin() }
func (p *pace) End()                    { p.end() }
func (p *pace) Observe(d time.Duration) { p.observe(d) }
func (p *pace) Bound() int              { return p.bound }
