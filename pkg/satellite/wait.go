package satellite

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"
)

// Options say how to change a release and wait for it.
type Options struct {
	Clock clock.WithTicker
	// MayClearPending is set if the journal says that an earlier run of this plugin was changing the release when it
	// ended. Without it, a pending operation counts as another client's.
	MayClearPending bool
	// Progress receives one line about what is being waited for; may be nil.
	Progress func(message string)
}

func (o Options) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Wait looks again after lookSoon, and then waits twice as long each time, up to lookEvery. It must see a hopeless state
// hopelessLooks times in a row to believe it: the second pull of an image may succeed, and a Secret may come a moment
// after its pod.
const (
	lookSoon      = 200 * time.Millisecond
	lookEvery     = time.Second
	hopelessLooks = 6
)

// Wait waits until the release's Deployment is rolled out and its pods are ready. It ends early, with a *BlockedError,
// when waiting will not help. When ctx ends, the error wraps its cause and says what still blocked.
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
			if hopeless++; !blocked.Hopeless {
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
