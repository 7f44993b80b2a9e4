package legacy

import (
	"cmp"
	"context"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Once returns the same site for one look, which reads nothing twice. Do not write through it. What is likely to be needed
// is requested beforehand, since a far cluster answers many requests at once as fast as one.
func (s Site) Once() Site {
	s.asked = cmp.Or(s.asked, &sync.Map{})
	return s
}

// ask returns what read returns; within a look, what it returned the first time.
func ask[T any](asked *sync.Map, question string, read func() (T, error)) (T, error) {
	if asked == nil {
		return read()
	}
	answer, _ := asked.LoadOrStore(question, sync.OnceValues(read))
	return answer.(func() (T, error))()
}

// Expect requests what every search begins with, before more is known.
func (s Site) Expect(ctx context.Context) { _, _ = s.envproxies(ctx, "") }

// expect begins to request what the ledger lists. The group waits for the answers; ask returns them, or their errors.
func (s Site) expect(ctx context.Context, ledger *journal.Ledger, group *sync.WaitGroup) {
	if ledger == nil {
		return
	}
	release := s.Of(Release{Driver: s.access.Driver(), Namespace: ledger.Namespace})
	group.Go(func() { _, _ = s.revisions(ctx, release.Driver, release.Namespace, ledger.Release) })
	group.Go(func() { _, _ = release.held(ctx, recordName(ledger.Release, ledger.Revision)) })
	if ledger.Backup != "" && s.backups != "" {
		group.Go(func() { _, _ = s.readBackup(ctx, s.backups, ledger.Backup) })
	}
}
