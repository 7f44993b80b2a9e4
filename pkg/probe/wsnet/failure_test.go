package wsnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

// TestDialRefused proves that the error names the stage at which the deployment refused.
func TestDialRefused(t *testing.T) {
	w := newWorld(t)
	stranger := w.primary.AddUser("stranger@example.com", codertest.RoleManager)
	theirs := clientOf(t, w.primary, w.primary.Token(stranger.ID))
	off := w.primary.AddWorkspace(codertest.Workspace{Name: "off", UserID: w.workspace.UserID, ResourcePoolID: w.workspace.ResourcePoolID})
	for _, test := range []struct {
		name  string
		fault codertest.Fault
		edit  func(*wsnet.Endpoint)
		stage wsnet.Stage
		want  string
	}{
		{
			name: "workspace off", stage: wsnet.StageBroker, want: `no agent of workspace "off" is connected`,
			edit: func(e *wsnet.Endpoint) {
				e.Signal = func(ctx context.Context) (net.Conn, error) { return w.client.DialAgent(ctx, off.ID) }
			},
		},
		{
			name: "somebody else's workspace", stage: wsnet.StageBroker, want: "only its owner can connect to a workspace",
			edit: func(e *wsnet.Endpoint) {
				e.Signal = func(ctx context.Context) (net.Conn, error) { return theirs.DialAgent(ctx, w.workspace.ID) }
			},
		},
		{
			name: "no such workspace", stage: wsnet.StageBroker, want: "404 not found",
			edit: func(e *wsnet.Endpoint) {
				e.Signal = func(ctx context.Context) (net.Conn, error) { return w.client.DialAgent(ctx, "none") }
			},
		},
		{
			name: "broker down", stage: wsnet.StageBroker, want: "503 service unavailable",
			fault: codertest.Fault{Path: "/api/private/envagent/*/connect", Status: http.StatusServiceUnavailable},
		},
		{
			name: "TURN refused", stage: wsnet.StageRelay, want: "the TURN server cannot be reached",
			fault: codertest.Fault{Path: "/api/private/turn", Status: http.StatusForbidden},
		},
		{
			name: "TURN reset", stage: wsnet.StageRelay, want: "the TURN server cannot be reached",
			fault: codertest.Fault{Path: "/api/private/turn", ResetBefore: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.fault.Path != "" {
				defer w.primary.AddFault(test.fault)()
			}
			endpoint := w.endpoint()
			if test.edit != nil {
				test.edit(&endpoint)
			}
			_, err := wsnet.Dial(t.Context(), endpoint)
			if wsnet.StageOf(err) != test.stage || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q: %v, want %q: ...%s...", wsnet.StageOf(err), err, test.stage, test.want)
			}
		})
	}
}

// TestDialAgents proves that the error describes what a misbehaving agent did.
func TestDialAgents(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name  string
		agent func(net.Conn)
		stage wsnet.Stage
		want  string
	}{
		{"refuses", says(`{"error":"not \u001b[31mtoday"}`), wsnet.StageAgent, "the agent refuses: not  [31mtoday"},
		{"hangs up", func(c net.Conn) { _ = c.Close() }, wsnet.StageAgent, "the agent hung up without an answer"},
		{"no JSON", says("<html>"), wsnet.StageAgent, "the agent's answer was cut off: its message cannot be parsed"},
		{"breaks off", says(`{"answer":{"type":"ans`), wsnet.StageAgent, "the agent's answer was cut off"},
		{"no answer at all", says(`{"answer":{"type":"answer","sdp":"v=0"}}`), wsnet.StageAgent, "the agent's answer is invalid"},
		{"unknown type", says(`{"answer":{"type":"question","sdp":""}}`), wsnet.StageAgent, "the agent's answer"},
		{"endless", endless, wsnet.StageAgent, "the agent"},
		{"silent", func(net.Conn) {}, wsnet.StageAgent, "the agent did not answer in time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer func() { _ = theirs.Close() }()
			go func() {
				// the offer comes first; reading on keeps later messages from blocking us
				decoder := json.NewDecoder(theirs)
				var offer struct{ Servers []any }
				if decoder.Decode(&offer) == nil && len(offer.Servers) == 1 {
					go func() { _, _ = io.Copy(io.Discard, theirs) }()
					test.agent(theirs)
				}
			}()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			endpoint := w.endpoint()
			endpoint.Signal = func(context.Context) (net.Conn, error) { return ours, nil }
			_, err := wsnet.Dial(ctx, endpoint)
			if wsnet.StageOf(err) != test.stage || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q: %v, want %q: ...%s...", wsnet.StageOf(err), err, test.stage, test.want)
			}
		})
	}
}

func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		_ = c.Close()
	}
}

func endless(c net.Conn) {
	for chunk := []byte(strings.Repeat(" ", 64<<10)); ; {
		if _, err := c.Write(chunk); err != nil {
			return
		}
	}
}

// TestDialInterrupted proves that an interruption is not reported as a failure.
func TestDialInterrupted(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	endpoint := w.endpoint()
	endpoint.TURN = func(ctx context.Context) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := wsnet.Dial(ctx, endpoint); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestDialHangingTURN proves that an earlier failure is reported even if a TURN server never
// answers.
func TestDialHangingTURN(t *testing.T) {
	w := newWorld(t)
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	hangs := make(chan struct{})
	var once sync.Once
	endpoint := w.endpoint()
	endpoint.Signal = func(context.Context) (net.Conn, error) { return ours, nil }
	endpoint.TURN = func(ctx context.Context) (net.Conn, error) {
		once.Do(func() { close(hangs) })
		<-ctx.Done()
		return nil, ctx.Err()
	}
	go func() {
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		<-hangs
		_, _ = io.WriteString(theirs, `{"error":"not today"}`)
	}()
	failed := make(chan error, 1)
	go func() {
		_, err := wsnet.Dial(context.WithoutCancel(t.Context()), endpoint)
		failed <- err
	}()
	select {
	case err := <-failed:
		if wsnet.StageOf(err) != wsnet.StageAgent {
			t.Errorf("%q: %v", wsnet.StageOf(err), err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the failure is not reported while the TURN server is silent")
	}
}

// TestPingLost proves that a ping reports a connection whose other end is gone.
func TestPingLost(t *testing.T) {
	w := newWorld(t)
	connection, err := wsnet.Dial(t.Context(), w.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	w.primary.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if took, err := connection.Ping(ctx); err == nil {
		t.Errorf("a ping came back after %s, from an agent that is gone", took)
	}
}
