package satellite

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Options are how to change a release and wait for it.
type Options struct {
	// Clock paces the waiting.
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

// lookEvery is how often Wait looks; hopelessLooks is how often it must see a
// state that will not mend itself before it believes it: an image may be pulled
// at the second try, and a Secret may be made a moment later than its pod.
const (
	lookEvery     = time.Second
	hopelessLooks = 5
)

// Wait waits until the release's Deployment is rolled out and its pods are
// ready. It ends early, with a *BlockedError, when waiting will not help; when
// ctx ends, the error wraps its cause and says what was still in the way.
func Wait(ctx context.Context, access *cluster.Access, namespace string, options Options) error {
	ticker := options.Clock.NewTicker(lookEvery)
	defer ticker.Stop()
	hopeless := 0
	for {
		blocked, err := look(ctx, access, namespace)
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
		case <-ticker.C():
		}
	}
}

// look returns what is in the way now, or nil.
func look(ctx context.Context, access *cluster.Access, namespace string) (*BlockedError, error) {
	client := access.Clientset()
	deployment, err := client.AppsV1().Deployments(namespace).Get(ctx, workloadName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		deployment, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pods []corev1.Pod
	list, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "coder.deployment=" + workloadName})
	if err != nil {
		return nil, err
	}
	pods = list.Items
	blocked := blockerOf(deployment, pods)
	if blocked != nil {
		blocked.LastEvent = lastEvent(ctx, client, namespace, blocked.Object)
	}
	return blocked, nil
}
