package lock

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
)

func TestRead(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name  string
		lease *coordinationv1.Lease
		want  *State
	}{
		{name: "none"},
		{name: "empty", lease: &coordinationv1.Lease{}, want: &State{}},
		{
			name: "held",
			lease: &coordinationv1.Lease{
				Spec: coordinationv1.LeaseSpec{
					HolderIdentity: ptr.To("ann@laptop/1"), LeaseDurationSeconds: ptr.To(int32(20)),
					AcquireTime: &metav1.MicroTime{Time: at}, RenewTime: &metav1.MicroTime{Time: at.Add(time.Minute)},
				},
			},
			want: &State{Holder: "ann@laptop/1", Acquired: at},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := &apiServer{}
			if tc.lease != nil {
				server.store(tc.lease)
			}
			client, link := server.client(t, nil)
			got, err := Read(t.Context(), client, lease)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || link.sent() != "GET" {
				t.Error(diff)
			}
		})
	}
	client, _ := (&apiServer{}).client(t, func(*http.Request) fault { return fault{drop: true} })
	if _, err := Read(t.Context(), client, lease); !errors.Is(err, errNetwork) {
		t.Errorf("unexpected error: %v", err)
	}
}

func TestBreak(t *testing.T) {
	held := func(s *apiServer) {
		s.store(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("gone@laptop/0")}})
	}
	after := func(s *apiServer, d time.Duration, change func(*coordinationv1.Lease)) {
		held(s)
		time.AfterFunc(d, func() { s.edit(change) })
	}
	renewed := func(l *coordinationv1.Lease) { l.Spec.RenewTime = ptr.To(metav1.NowMicro()) }
	for _, tc := range []struct {
		name     string
		prepare  func(*apiServer)
		force    bool
		noReason bool
		on       func(*http.Request) fault
		from     string // the previous holder
		want     string // part of the error
		holder   string // afterwards
	}{
		{name: "none"},
		{name: "free", prepare: func(s *apiServer) { s.store(&coordinationv1.Lease{}) }},
		{name: "abandoned", prepare: held, from: "gone@laptop/0"},
		{name: "no reason", prepare: held, noReason: true, want: "--reason", holder: "gone@laptop/0"},
		{
			name: "alive", prepare: func(s *apiServer) { after(s, 5*time.Second, renewed) },
			want: "gone@laptop/0 holds the lock: wait for it", holder: "gone@laptop/0",
		},
		{
			name: "alive, forced", force: true, from: "gone@laptop/0",
			prepare: func(s *apiServer) { after(s, 5*time.Second, renewed) },
		},
		{
			name: "taken over meanwhile", want: "bob@laptop/2 holds the lock", holder: "bob@laptop/2",
			prepare: func(s *apiServer) {
				after(s, time.Second, func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = ptr.To("bob@laptop/2") })
			},
		},
		{
			name: "released meanwhile",
			prepare: func(s *apiServer) {
				after(s, time.Second, func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = nil })
			},
		},
		{name: "cannot be read", prepare: held, on: func(*http.Request) fault { return fault{drop: true} }, want: "cannot be read", holder: "gone@laptop/0"},
		{name: "renewed in the last moment", prepare: held, on: onWrites(fault{refuse: 409}), want: "try again", holder: "gone@laptop/0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				if tc.prepare != nil {
					tc.prepare(server)
				}
				client, _ := server.client(t, tc.on)
				b := Breaking{Lease: lease, By: "bob@example.com", Reason: "it hangs", Force: tc.force, Clock: clock.RealClock{}}
				if tc.noReason {
					b.Reason = ""
				}
				from, err := Break(t.Context(), client, b)
				if from != tc.from || (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
					t.Errorf("from %q: %v", from, err)
				}
				if got := server.holder(); got != tc.holder {
					t.Errorf("held by %q", got)
				}
				if tc.from != "" {
					want := map[string]string{annotationBrokenBy: "bob@example.com", annotationBrokenReason: "it hangs", annotationBrokenFrom: tc.from}
					if diff := cmp.Diff(want, server.now().Annotations); diff != "" {
						t.Error(diff)
					}
				}
				<-time.After(10 * time.Second) // any pending timer has fired
			})
		})
	}
}

// If the lock is broken by force, its holder stops before the next write and says who broke it.
func TestBreakStopsHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		client, _ := server.client(t, nil)
		l := mustAcquire(t, client, options("ann@laptop/1"))
		defer release(t, l)
		b := Breaking{Lease: lease, By: "bob@example.com", Reason: "it hangs", Clock: clock.RealClock{}}
		if _, err := Break(t.Context(), client, b); !errors.As(err, new(*HeldError)) {
			t.Fatalf("a lock that is alive was broken: %v", err)
		}
		b.Force = true
		if _, err := Break(t.Context(), client, b); err != nil {
			t.Fatal(err)
		}
		target := &region{}
		_, err := send(t, l.Fence(target), http.MethodPost, writePath)
		if lost := new(LostError); !errors.As(err, &lost) || lost.UnlockedBy != "bob@example.com" || len(target.got) != 0 {
			t.Errorf("sent %q: %v", target.got, err)
		}
	})
}

func TestBreakInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		server.store(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("gone@laptop/0")}})
		client, _ := server.client(t, nil)
		ctx, cancel := contextFor(t, time.Second)
		defer cancel()
		_, err := Break(ctx, client, Breaking{Lease: lease, By: "b", Reason: "r", Clock: clock.RealClock{}})
		if !errors.Is(err, errInterrupted) || server.holder() == "" {
			t.Errorf("unexpected error: %v", err)
		}
	})
}
