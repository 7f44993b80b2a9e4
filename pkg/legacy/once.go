package legacy

import (
	"context"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// asked caches what one look at a site has requested: nothing is requested twice. What is likely to be needed is
// requested beforehand, since a far cluster answers many requests at once as fast as one.
type asked struct {
	mu      sync.Mutex
	answers map[string]any // by question; func() (T, error)
}

// Once returns the same site for one look, which reads nothing twice. Do not write through it.
func (s Site) Once() Site {
	if s.asked == nil {
		s.asked = &asked{answers: map[string]any{}}
	}
	return s
}

// ask returns what read returns; within a look, what it returned the first time.
func ask[T any](a *asked, question string, read func() (T, error)) (T, error) {
	if a == nil {
		return read()
	}
	a.mu.Lock()
	answer, asked := a.answers[question].(func() (T, error))
	if !asked {
		answer = sync.OnceValues(read)
		a.answers[question] = answer
	}
	a.mu.Unlock()
	return answer()
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
