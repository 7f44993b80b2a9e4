package legacy

import (
	"context"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// asked is what one look at a site has asked for. Nothing is asked for twice, and what
// is likely to be needed is asked for beforehand: a far cluster answers many
// questions at once as fast as one.
type asked struct {
	mu      sync.Mutex
	answers map[string]any // by the question, func() (T, error)
}

// Once returns the same site for one look: what was read is not read again. Nothing may
// be changed by it.
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

// Expect asks for what every search begins with, before more is known.
func (s Site) Expect(ctx context.Context) { _, _ = s.envproxies(ctx, "") }

// expect begins to ask for what the ledger lists. The group waits for it; whoever needs
// an answer, or its error, asks once more.
func (s Site) expect(ctx context.Context, ledger *journal.Ledger, group *sync.WaitGroup) {
	if ledger == nil {
		return
	}
	records := s.store(s.access.Driver(), ledger.Namespace)
	group.Go(func() { _, _ = records.revisions(ctx, ledger.Release) })
	group.Go(func() { _, _ = records.held(ctx, recordName(ledger.Release, ledger.Revision)) })
	if ledger.Backup != "" && s.backups != "" {
		group.Go(func() { _, _ = s.readBackup(ctx, s.backups, ledger.Backup) })
	}
}
