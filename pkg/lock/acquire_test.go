package lock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// skewed is a clock that runs at the normal speed but shows another time.
type skewed struct {
	clock.RealClock
	by func() time.Duration
}

func (s skewed) Now() time.Time                  { return time.Now().Add(s.by()) }
func (s skewed) Since(t time.Time) time.Duration { return s.Now().Sub(t) }

func options(holder string) Options {
	return Options{Lease: lease, Holder: holder, Operation: "migrate", Clock: clock.RealClock{}}
}

func mustAcquire(t *testing.T, client kubernetes.Interface, o Options) *Lock {
	t.Helper()
	l, err := Acquire(t.Context(), client, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func release(t *testing.T, l *Lock) {
	t.Helper()
	if err := l.Release(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestAcquireFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		client, link := server.client(t, nil)
		first := mustAcquire(t, client, options("ann@laptop/1"))
		if got := link.sent(); got != "GET POST" {
			t.Errorf("acquiring took %q", got)
		}
		lease := server.now()
		if holder(lease) != "ann@laptop/1" || *lease.Spec.LeaseTransitions != 0 || *lease.Spec.LeaseDurationSeconds != 15 {
			t.Errorf("unexpected lease: %+v", lease.Spec)
		}
		server.edit(func(l *coordinationv1.Lease) { l.Annotations["example.com/team"] = "platform" })
		release(t, first)
		if got := link.sent(); got != "GET PUT" {
			t.Errorf("releasing took %q", got)
		}
		if server.holder() != "" {
			t.Error("still held after it was released")
		}
		if diff := cmp.Diff(map[string]string{"example.com/team": "platform"}, server.now().Annotations); diff != "" {
			t.Error(diff)
		}
		release(t, first) // a second release does no harm
		_ = link.sent()

		second := mustAcquire(t, client, options("bob@laptop/2"))
		defer release(t, second)
		if got := link.sent(); got != "GET PUT" {
			t.Errorf("acquiring a released lock took %q", got)
		}
		lease = server.now()
		if holder(lease) != "bob@laptop/2" || *lease.Spec.LeaseTransitions != 1 || lease.Annotations["example.com/team"] != "platform" {
			t.Errorf("unexpected lease: %+v", lease)
		}
	})
}

func TestAcquireHeld(t *testing.T) {
	for _, skew := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				client, _ := server.client(t, nil)
				defer release(t, mustAcquire(t, client, options("ann@laptop/1")))
				began := time.Now()
				other := options("bob@laptop/2")
				other.Clock = skewed{by: func() time.Duration { return skew }}
				_, err := Acquire(t.Context(), client, other)
				held := new(HeldError)
				if !errors.As(err, &held) || held.Holder != "ann@laptop/1" || held.Operation != "migrate" || held.Since.IsZero() {
					t.Errorf("unexpected error: %v", err)
				}
				if took := time.Since(began); took > DefaultDuration/2 {
					t.Errorf("it took %s to see that the holder is alive", took)
				}
			})
		})
	}
}

func TestAcquireAbandoned(t *testing.T) {
	for _, skew := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				var dead atomic.Bool
				dying, _ := server.client(t, func(*http.Request) fault { return fault{drop: dead.Load()} })
				old := mustAcquire(t, dying, options("ann@laptop/1"))
				defer func() { _ = old.Release(t.Context()) }()
				<-time.After(7 * time.Second) // long enough for one renewal
				dead.Store(true)

				client, _ := server.client(t, nil)
				next := options("bob@laptop/2")
				next.Clock = skewed{by: func() time.Duration { return skew }}
				began := time.Now()
				var waited []time.Duration
				next.Waiting = func(holder string, so time.Duration) {
					if waited = append(waited, so); holder != "ann@laptop/1" {
						t.Errorf("waits for the lock of %q", holder)
					}
				}
				defer release(t, mustAcquire(t, client, next))
				if took := time.Since(began); took < DefaultDuration || took > DefaultDuration*5/4 {
					t.Errorf("taken over after %s", took)
				}
				if len(waited) < 10 || waited[0] != 0 || !slices.IsSorted(waited) || waited[len(waited)-1] < DefaultDuration*8/10 {
					t.Errorf("reported how long it has waited: %v", waited)
				}
				if got := *server.now().Spec.LeaseTransitions; got != 1 {
					t.Errorf("%d transitions", got)
				}
				lost := new(LostError)
				if !errors.As(old.Err(), &lost) || !errors.Is(lost, errNetwork) {
					t.Errorf("the dead holder has not noticed: %v", old.Err())
				}
			})
		})
	}
}

func TestAcquireByMany(t *testing.T) {
	abandoned := func(s *apiServer) {
		s.store(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("gone@laptop/0")}})
	}
	for name, prepare := range map[string]func(*apiServer){"free": func(*apiServer) {}, "abandoned": abandoned} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				prepare(server)
				locks, errs := make([]*Lock, 50), make([]error, 50)
				var all sync.WaitGroup
				for i := range locks {
					client, _ := server.client(t, nil)
					all.Go(func() {
						locks[i], errs[i] = Acquire(t.Context(), client, options(fmt.Sprintf("op%d@laptop/%d", i, i)))
					})
				}
				all.Wait()
				winners := 0
				for i, l := range locks {
					if l != nil {
						winners++
						continue
					}
					if held := new(HeldError); !errors.As(errs[i], &held) || held.Holder != server.holder() {
						t.Errorf("loser %d: %v", i, errs[i])
					}
				}
				if winners != 1 {
					t.Errorf("%d of 50 got the lock", winners)
				}
				for _, l := range locks {
					if l != nil {
						release(t, l)
					}
				}
			})
		})
	}
}

// onWrites applies a fault to writes of the lease only.
func onWrites(f fault) func(*http.Request) fault {
	return func(r *http.Request) fault {
		if r.Method == http.MethodGet {
			return fault{}
		}
		return f
	}
}

func TestAcquireFaults(t *testing.T) {
	released := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{LeaseTransitions: ptr.To(int32(1<<31 - 1))}}
	for _, tc := range []struct {
		name  string
		lease *coordinationv1.Lease
		on    func(*http.Request) fault
		want  string // part of the error; "" if the lock is acquired
	}{
		{name: "answer to create lost", on: onWrites(fault{lost: true})},
		{name: "answer to update lost", lease: released, on: onWrites(fault{lost: true})},
		{name: "create dropped", on: onWrites(fault{drop: true}), want: "the lock cannot be taken"},
		{name: "nothing can be read", on: func(*http.Request) fault { return fault{drop: true} }, want: "the lock cannot be read"},
		{name: "update always conflicts", lease: released, on: onWrites(fault{refuse: 409}), want: "changes faster than it can be taken"},
		{name: "create always conflicts", on: onWrites(fault{refuse: 409}), want: "changes faster than it can be taken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				if tc.lease != nil {
					server.store(tc.lease)
				}
				client, _ := server.client(t, tc.on)
				l, err := Acquire(t.Context(), client, options("ann@laptop/1"))
				if l != nil {
					defer func() { _ = l.Release(t.Context()) }()
				}
				if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				if err == nil && !l.fresh() {
					t.Error("the time of the acquisition is not known")
				}
			})
		})
	}
}

// The lock's duration counts from the request, not from its answer.
func TestAcquireSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := (&apiServer{}).client(t, onWrites(fault{slow: DefaultDuration - time.Second}))
		l := mustAcquire(t, client, options("ann@laptop/1"))
		defer release(t, l)
		if l.fresh() {
			t.Error("it looks valid, although another run may take it over in a second")
		}
	})
}

// If a proxy repeats a request, a write conflicts with itself.
func TestAcquireOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		posts := 0
		client, _ := server.client(t, func(r *http.Request) fault {
			if r.Method != http.MethodPost {
				return fault{}
			}
			posts++
			body, _ := r.GetBody()
			defer func() { _ = body.Close() }()
			sent := new(coordinationv1.Lease)
			decode(t, body, sent)
			server.store(sent)
			return fault{}
		})
		l := mustAcquire(t, client, options("ann@laptop/1"))
		defer release(t, l)
		if !l.fresh() || posts != 1 {
			t.Errorf("fresh: %v, after %d posts", l.fresh(), posts)
		}
	})
}

var errInterrupted = errors.New("interrupted")

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(t.Context(), d, errInterrupted)
}

func TestAcquireInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		server.store(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("gone@laptop/0")}})
		client, _ := server.client(t, nil)
		ctx, cancel := contextFor(t, time.Second)
		defer cancel()
		if _, err := Acquire(ctx, client, options("ann@laptop/1")); !errors.Is(err, errInterrupted) {
			t.Errorf("unexpected error: %v", err)
		}
	})
}

func TestAcquireOptions(t *testing.T) {
	client, link := (&apiServer{}).client(t, nil)
	for _, o := range []Options{
		{Lease: lease, Clock: clock.RealClock{}},
		{Lease: lease, Holder: "a", Duration: -1, Clock: clock.RealClock{}},
		{Lease: lease, Holder: "a", Duration: 2 * time.Hour, Clock: clock.RealClock{}},
	} {
		if _, err := Acquire(t.Context(), client, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if got := link.sent(); got != "" {
		t.Errorf("sent %q", got)
	}
}

func TestDurationOf(t *testing.T) {
	for declared, want := range map[int32]time.Duration{0: DefaultDuration, -5: DefaultDuration, 1: time.Second, 3600: time.Hour, 1 << 30: time.Hour} {
		if got := durationOf(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{LeaseDurationSeconds: &declared}}); got != want {
			t.Errorf("%d seconds: got %s, want %s", declared, got, want)
		}
	}
	if got := durationOf(&coordinationv1.Lease{}); got != DefaultDuration {
		t.Errorf("nothing declared: got %s", got)
	}
	if got := seconds(100 * time.Millisecond); got != 1 {
		t.Errorf("a tenth of a second is declared as %d", got)
	}
}
