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

func (d *deployment) watch(ctx context.Context, t *testing.T) <-chan coder.BuildMessage {
	t.Helper()
	log, err := d.client(t).WatchBuild(ctx, d.workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// next returns the next message; false at the end of the log.
func next(t *testing.T, log <-chan coder.BuildMessage) (coder.BuildMessage, bool) {
	t.Helper()
	select {
	case message, open := <-log:
		return message, open
	case <-time.After(20 * time.Second):
		t.Fatal("the log neither continues nor ends")
		return coder.BuildMessage{}, false
	}
}

// follow returns the types of all messages of one build, and its last message.
func follow(t *testing.T, log <-chan coder.BuildMessage) (types []string, last coder.BuildMessage) {
	t.Helper()
	for {
		message, open := next(t, log)
		if !open {
			t.Fatalf("the log ends after %v", types)
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
			log := d.watch(t.Context(), t)
			if err := d.client(t).Rebuild(t.Context(), d.workspace.ID); err != nil {
				t.Fatal(err)
			}
			types, last := follow(t, log)
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
	first := d.watch(t.Context(), t)
	if err := client.Rebuild(t.Context(), d.workspace.ID); err != nil {
		t.Fatal(err)
	}
	_, earlier := follow(t, first)
	second := d.watch(t.Context(), t)
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

// However a log ends, its channel is closed, and no broken message comes out of it.
func TestWatchEnds(t *testing.T) {
	for name, act := range map[string]func(context.Context, *websocket.Conn){
		"connection dropped": func(_ context.Context, c *websocket.Conn) { _ = c.CloseNow() },
		"closed in order":    func(_ context.Context, c *websocket.Conn) { _ = c.Close(websocket.StatusNormalClosure, "bye") },
		"closed for a cause": func(_ context.Context, c *websocket.Conn) { _ = c.Close(websocket.StatusPolicyViolation, "bad") },
		"no JSON": func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte("<html>"))
		},
		"no time": func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"msg":"x","time":"soon"}`))
		},
		"message too long": func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"msg":"`+strings.Repeat("x", 65<<10)+`"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				connection, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer func() { _ = connection.CloseNow() }()
				act(r.Context(), connection)
				_, _, _ = connection.Read(r.Context()) // until the client leaves
			})
			log, err := client.WatchBuild(t.Context(), "w")
			if err != nil {
				t.Fatal(err)
			}
			if message, open := next(t, log); open {
				t.Errorf("%+v", message)
			}
		})
	}
}

// The log ends with its context, whether or not somebody takes its messages.
func TestWatchContextEnds(t *testing.T) {
	d := start(t, codertest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	log := d.watch(ctx, t)
	cancel()
	if message, open := next(t, log); open {
		t.Errorf("%+v", message)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	log = d.watch(ctx, t)
	if err := d.client(t).Rebuild(t.Context(), d.workspace.ID); err != nil {
		t.Fatal(err)
	}
	next(t, log)
	cancel()
	for open := true; open; _, open = next(t, log) { // a message may be on its way
	}
}

// The time limit for opening a log does not limit how long the log is read.
func TestWatchOutlivesItsOpening(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 2 * time.Second})
	config := d.config()
	config.Timeout = time.Second
	client := open(t, config)
	log, err := client.WatchBuild(t.Context(), d.workspace.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Rebuild(t.Context(), d.workspace.ID); err != nil {
		t.Fatal(err)
	}
	follow(t, log)
}

func TestWatchPrimaryStops(t *testing.T) {
	d := start(t, codertest.Options{})
	log := d.watch(t.Context(), t)
	d.Close()
	if message, open := next(t, log); open {
		t.Errorf("%+v", message)
	}
}
