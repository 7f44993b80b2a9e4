package coder_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func (d *deployment) watch(t *testing.T) *coder.BuildWatch {
	t.Helper()
	watch, err := d.client(t).WatchBuild(t.Context(), d.workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watch.Close)
	return watch
}

// follow returns the types of all messages of one build, and its last message.
func follow(t *testing.T, watch *coder.BuildWatch) (types []string, last coder.BuildMessage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		message, err := watch.Next(ctx)
		if err != nil {
			t.Fatalf("after %v: %v", types, err)
		}
		if last.BuildID != "" && message.BuildID != last.BuildID {
			t.Fatalf("build %s continues as %s", last.BuildID, message.BuildID)
		}
		types, last = append(types, string(message.Type)), message
		if message.Type == coder.BuildDone {
			return types, last
		}
	}
}

func TestWatchBuild(t *testing.T) {
	for _, test := range []struct {
		name, fail string
		want       []string
		state      coder.ContainerStatus
	}{
		{"done", "", []string{"start", "stage", "substage", "stage", "done"}, coder.ContainerOn},
		{"error", "no such image", []string{"start", "stage", "substage", "stage", "error", "done"}, coder.ContainerFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := start(t, codertest.Options{})
			d.FailBuilds(d.workspace.ID, test.fail, true)
			watch := d.watch(t)
			if err := d.client(t).Rebuild(t.Context(), d.workspace.ID); err != nil {
				t.Fatal(err)
			}
			types, last := follow(t, watch)
			if diff := cmp.Diff(test.want, types); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if last.WorkspaceID != d.workspace.ID || last.BuildID == "" || last.ID == "" || last.Time.IsZero() || last.Message == "" {
				t.Errorf("last message %+v", last)
			}
			now, err := d.client(t).Workspace(t.Context(), d.workspace.ID)
			if err != nil || now.LatestStat.ContainerStatus != test.state || now.LatestStat.StatError != test.fail {
				t.Errorf("%+v, %v", now.LatestStat, err)
			}
		})
	}
}

// A server may send the log of an earlier build first. The client tells builds apart by their
// IDs.
func TestWatchReplayedBuild(t *testing.T) {
	d := start(t, codertest.Options{ReplayBuilds: true, BuildTime: 4 * time.Millisecond})
	client := d.client(t)
	first := d.watch(t)
	if err := client.Rebuild(t.Context(), d.workspace.ID); err != nil {
		t.Fatal(err)
	}
	_, earlier := follow(t, first)
	second := d.watch(t)
	_, replayed := follow(t, second)
	if replayed.BuildID != earlier.BuildID {
		t.Errorf("build %s is replayed as %s", earlier.BuildID, replayed.BuildID)
	}
	if err := client.Rebuild(t.Context(), d.workspace.ID); err != nil {
		t.Fatal(err)
	}
	if _, later := follow(t, second); later.BuildID == earlier.BuildID {
		t.Error("the new build has the old one's ID")
	}
}

func TestWatchRefused(t *testing.T) {
	d := start(t, codertest.Options{})
	_, err := d.client(t).WatchBuild(t.Context(), "none")
	var got *coder.Error
	if !errors.As(err, &got) || !coder.IsNotFound(err) || got.Code != "not_found" || got.Message == "" {
		t.Errorf("an unknown workspace: %v", err)
	}
	config := d.config()
	config.Token = "wrong-token"
	_, err = open(t, config).WatchBuild(t.Context(), d.workspace.ID)
	if !coder.IsUnauthorized(err) || !strings.Contains(err.Error(), "coder login") {
		t.Errorf("a wrong token: %v", err)
	}
	_, err = serve(t, says(502, "text/html", "<html>")).WatchBuild(t.Context(), "w")
	if err == nil || !strings.Contains(err.Error(), "a proxy in between") {
		t.Errorf("a gateway's page: %v", err)
	}
	_, err = serve(t, says(200, "text/html", "<html>")).WatchBuild(t.Context(), "w")
	var failure *coder.TransportError
	if !errors.As(err, &failure) || !strings.Contains(err.Error(), "101") {
		t.Errorf("a proxy that knows no WebSocket: %v", err)
	}
}

func TestWatchEnds(t *testing.T) {
	const secret = "the-token"
	for _, test := range []struct {
		name string
		act  func(context.Context, *websocket.Conn)
		want string
	}{
		{"connection dropped", func(_ context.Context, c *websocket.Conn) { _ = c.CloseNow() }, "the build log ended early"},
		{"closed in order", func(_ context.Context, c *websocket.Conn) { _ = c.Close(websocket.StatusNormalClosure, "bye") }, "the build log ended early"},
		{"closed with a secret", func(_ context.Context, c *websocket.Conn) {
			_ = c.Close(websocket.StatusPolicyViolation, "bad "+secret)
		}, "bad (redacted)"},
		{"no JSON", func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte("<html>"))
		}, "cannot be parsed"},
		{"time is a secret", func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"time":"`+secret+`"}`))
		}, "cannot be parsed"},
		{"message too long", func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"msg":"`+strings.Repeat("x", 65<<10)+`"}`))
		}, "the build log ended early"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				connection, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer func() { _ = connection.CloseNow() }()
				test.act(r.Context(), connection)
				_, _, _ = connection.Read(r.Context()) // until the client leaves
			})
			watch, err := client.WatchBuild(t.Context(), "w")
			if err != nil {
				t.Fatal(err)
			}
			defer watch.Close()
			_, err = watch.Next(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Waiting for a message ends with its context, and the error says so.
func TestWatchContextEnds(t *testing.T) {
	d := start(t, codertest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.watch(t).Next(ctx); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "ended early") {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := d.watch(t).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// The time limit for opening a log does not limit how long the log is read.
func TestWatchOutlivesItsOpening(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 2 * time.Second})
	config := d.config()
	config.Timeout = time.Second
	client := open(t, config)
	watch, err := client.WatchBuild(t.Context(), d.workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	if err := client.Rebuild(t.Context(), d.workspace.ID); err != nil {
		t.Fatal(err)
	}
	follow(t, watch)
}

func TestWatchPrimaryStops(t *testing.T) {
	d := start(t, codertest.Options{})
	watch := d.watch(t)
	d.Close()
	if _, err := watch.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "ended early") {
		t.Errorf("%v", err)
	}
}
