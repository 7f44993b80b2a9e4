package wsnet_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

// TestCandidatesFirst proves that candidates may arrive before the answer.
func TestCandidatesFirst(t *testing.T) {
	w := newWorld(t)
	endpoint := w.endpoint()
	signal := endpoint.Signal
	endpoint.Signal = func(ctx context.Context) (net.Conn, error) {
		stream, err := signal(ctx)
		if err != nil {
			return nil, err
		}
		return reorder(stream), nil
	}
	connection, err := wsnet.Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// reordered holds back the agent's answer until a candidate has overtaken it.
type reordered struct {
	net.Conn
	in *io.PipeReader
}

func (r *reordered) Read(into []byte) (int, error) { return r.in.Read(into) }

func reorder(stream net.Conn) net.Conn {
	in, out := io.Pipe()
	go func() {
		var answer json.RawMessage
		for decoder := json.NewDecoder(stream); ; {
			var raw json.RawMessage
			if err := decoder.Decode(&raw); err != nil {
				_ = out.CloseWithError(io.EOF)
				return
			}
			var kind struct{ Answer, Candidate any }
			if err := json.Unmarshal(raw, &kind); err == nil && kind.Answer != nil {
				answer = raw
				continue
			}
			if _, err := out.Write(raw); err != nil {
				return
			}
			if kind.Candidate != nil && answer != nil {
				if _, err := out.Write(answer); err != nil {
					return
				}
				answer = nil
			}
		}
	}()
	return &reordered{Conn: stream, in: in}
}
