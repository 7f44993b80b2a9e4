package migration

import "time"

// Options are what an operator may choose about a run.
type Options struct {
	// Timeout bounds one region; 0 means no bound.
	Timeout time.Duration
	// StepTimeout bounds one step; 0 means no bound.
	StepTimeout time.Duration
	// LockDuration is how long a lock outlives its holder's last sign of life.
	LockDuration time.Duration
	// NoRollback leaves a failed step, and the switch, as they are.
	NoRollback bool
	// EvidenceDir is where evidence of failures is kept, one folder per region and run.
	EvidenceDir string
	// Host is the machine it runs on, for the lock.
	Host string
	// Measure is set if what users feel is to be measured meanwhile, and MaxGap how long
	// there may be no answer; 0 for any time.
	Measure bool
	MaxGap  time.Duration
	// RunID tells this run from every other.
	RunID string
	// Reason is why, where a verb asks for one.
	Reason string
}
