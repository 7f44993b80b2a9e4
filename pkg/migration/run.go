package migration

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// commitTimeout bounds one short write and its confirmation.
const commitTimeout = 30 * time.Second

// Run is the state of one run on a part of a region that steps work with.
type Run struct {
	// Source is where facts come from; its clients refuse to write once the lock is lost.
	Source *snapshot.Source
	// Unfenced is the primary past the fence, for switching off alone; nil if there is none.
	Unfenced *coder.Client
	// Initial is what was found when the run began; Now is the latest.
	Initial, Now *snapshot.Snapshot
	// Operator is who runs it: an e-mail address.
	Operator string
	// Options are the operator's.
	Options Options
	Clock   clock.WithTicker
	// SatelliteRecord and ProviderRecord are the journals' records as they will be
	// written next; nil where the run does not write one. Steps change their owner's
	// directly; the engine writes it before and after each step.
	SatelliteRecord, ProviderRecord *journal.Record

	// registering is set while a registration was asked for and not answered.
	registering bool

	progress func(message string, attention bool)
}

// Refresh reads the items again into run.Now. A journal that this run writes is
// not read from the cluster: it is the only writer, and its record is ahead of
// what is stored.
func (run *Run) Refresh(ctx context.Context, items ...snapshot.Item) {
	items = slices.DeleteFunc(slices.Clone(items), func(item snapshot.Item) bool { return item == snapshot.ItemJournal })
	run.Source.Refresh(ctx, run.Now, items...)
	run.note()
}

// note puts the records of this run in place of those that were read.
func (run *Run) note() {
	if run.SatelliteRecord != nil {
		run.Now.SatelliteJournal = snapshot.Known(run.SatelliteRecord)
	}
	if run.ProviderRecord != nil {
		run.Now.ProviderJournal = snapshot.Known(run.ProviderRecord)
	}
}

// Progress tells the operator, in one line, what is being waited for or done.
func (run *Run) Progress(format string, args ...any) {
	run.progress(fmt.Sprintf(format, args...), false)
}

// Commit returns a context for one write that must not be torn by a signal or
// a timeout: it outlives ctx, but not by more than half a minute.
func (run *Run) Commit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
}
