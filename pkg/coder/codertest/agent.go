package codertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
)

// agent is the program in a workspace that its owner's clients connect to.
type agent struct {
	primaryURL, token string
	http              *http.Client
}

// newAgent returns an agent that trusts the roots.
func newAgent(primaryURL, token string, roots *x509.CertPool) *agent {
	return &agent{primaryURL: primaryURL, token: token, http: &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
	}}
}

// headerOwnAgent marks the emulator's own agents.
const headerOwnAgent = "Codertest-Agent"

// agentPause is how long an agent waits before it connects again.
const agentPause = 200 * time.Millisecond

// run keeps the agent connected until the context ends.
func (a *agent) run(ctx context.Context) {
	for ctx.Err() == nil {
		a.listen(ctx)
		select {
		case <-time.After(agentPause):
		case <-ctx.Done():
		}
	}
}

// listen serves clients on one connection to the broker, until it ends.
func (a *agent) listen(ctx context.Context) {
	query := url.Values{"service_token": {a.token}}
	//nolint:bodyclose // the library closes it ("You never need to close resp.Body yourself")
	connection, _, err := websocket.Dial(ctx, a.primaryURL+"/api/private/envagent/listen?"+query.Encode(), &websocket.DialOptions{
		HTTPClient: a.http, HTTPHeader: http.Header{headerOwnAgent: {"yes"}},
	})
	if err != nil {
		return
	}
	defer func() { _ = connection.CloseNow() }()
	session, err := yamux.Server(websocket.NetConn(ctx, connection, websocket.MessageBinary), muxConfig())
	if err != nil {
		return
	}
	defer func() { _ = session.Close() }()
	var clients sync.WaitGroup
	defer clients.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			return
		}
		clients.Go(func() {
			p := &peer{agent: a, stream: stream, encoder: json.NewEncoder(stream)}
			p.serve(ctx)
		})
	}
}

// startAgent runs an agent in the workspace, if its provider has Networking v2 when it is built. The caller holds mu.
func (p *Primary) startAgent(w *workspace) {
	if !p.options.Agents || p.closed || w.oldAgent || !p.networkingV2(w.ResourcePoolID) {
		return
	}
	p.stopAgent(w)
	ctx, cancel := context.WithCancel(context.Background())
	w.stopAgent = cancel
	a := newAgent(p.URL(), w.agentToken, p.options.AgentRootCAs)
	p.running.Go(func() { a.run(ctx) })
}

// SetOldAgent makes the workspace's next builds start an agent from before Networking v2, which never listens at the
// broker (chosen), or undoes that. It reports whether the workspace exists.
func (p *Primary) SetOldAgent(workspaceID string, old bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.workspace(workspaceID)
	if w != nil {
		w.oldAgent = old
	}
	return w != nil
}

// stopAgent stops the workspace's agent, if one runs. The caller holds mu.
func (p *Primary) stopAgent(w *workspace) {
	if w.stopAgent != nil {
		w.stopAgent()
		w.stopAgent = nil
	}
}

// networkingV2 reports whether the provider has Networking v2; from v1.22 on all have. The caller holds mu.
func (p *Primary) networkingV2(providerID string) bool {
	if p.minor >= netV2OptionWent {
		return true
	}
	return slices.ContainsFunc(p.providers, func(provider *Provider) bool {
		return provider.ID == providerID && provider.EnableNetV2 != nil && *provider.EnableNetV2
	})
}
