package satellite

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"
)

// Options are how to change a release and wait for it.
type Options struct {
	Clock clock.WithTicker
	// MayClearPending is set if the caller's journal says that an earlier run of
	// this plugin was changing the release when it ended: what that run's Helm left
	// pending is then cleared, and is otherwise taken for somebody else's.
	MayClearPending bool
	// Progress is told, in one line, what is being waited for; may be nil.
	Progress func(message string)
}

func (o Options) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// lookSoon is when Wait looks for the second time; it then waits twice as long each
// time, up to lookEvery. hopelessLooks is how often it must see a state that waiting
// does not end before it believes it: an image may be pulled at the second try, and a
// Secret may be made a moment later than its pod.
const (
	lookSoon      = 200 * time.Millisecond
	lookEvery     = time.Second
	hopelessLooks = 6
)

// Wait waits until the release's Deployment is rolled out and its pods are
// ready. It ends early, with a *BlockedError, when waiting will not help; when
// ctx ends, the error wraps its cause and says what was still in the way.
func (r Release) Wait(ctx context.Context, options Options) error {
	hopeless := 0
	for pause := lookSoon; ; pause = min(2*pause, lookEvery) {
		blocked, err := r.objects().blocker(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && blocked == nil:
			return nil
		case err == nil:
			options.progress("waiting: %v", blocked)
			if blocked.Hopeless {
				hopeless++
			} else {
				hopeless = 0
			}
			if hopeless >= hopelessLooks {
				return fmt.Errorf("the satellite will not become ready: %w", blocked)
			}
		}
		select {
		case <-ctx.Done():
			if blocked == nil {
				return fmt.Errorf("waiting for the satellite: %w", context.Cause(ctx))
			}
			return fmt.Errorf("waiting for the satellite: %w; it is still blocked by %w", context.Cause(ctx), blocked)
		case <-options.Clock.After(pause):
		}
	}
}
