package codertest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options configure a primary.
type Options struct {
	// Version is what the primary reports; "1.21.3" if empty. A leading v is kept.
	Version string
	// Certificate is served; nil makes one from the primary's own authority.
	Certificate *tls.Certificate
	// Addr is the loopback address to listen on; "" means any free port.
	Addr string
	// BuildTime is how long a workspace build takes; 50 ms if zero.
	BuildTime time.Duration
	// PatchWithBody puts a changed provider into the answer (chosen: the real server's behaviour is unknown, so clients
	// must not rely on it).
	PatchWithBody bool
	// ReplayBuilds begins a build log with the workspace's last, finished build, when none runs (chosen: the real
	// server's behaviour is unknown, so clients must tell builds apart by their IDs).
	ReplayBuilds bool
	// Agents runs an agent in each workspace that is ON and was built with Networking v2. It trusts AgentRootCAs, or
	// the primary's own authority if nil.
	Agents       bool
	AgentRootCAs *x509.CertPool
	// AgentLinger is how long an agent's stream stays open after its client's end; 2 s if zero.
	AgentLinger time.Duration
	// Now is the primary's clock; time.Now if nil.
	Now func() time.Time
}

// Primary is a running primary deployment.
type Primary struct {
	options  Options
	server   *http.Server
	listener net.Listener
	door     *door // beneath the listener
	ca       []byte
	serving  sync.WaitGroup

	// mu guards everything below.
	mu            sync.Mutex
	version       string // as reported
	minor, patch  int    // capabilities are those of v1.minor.patch
	closed        bool
	users         []*User
	tokens        map[tokenHash]*token
	sshKeys       map[string]*sshKey // by user
	orgs          []*Org
	images        []*Image
	providers     []*Provider
	registrations []*Registration
	workspaces    []*workspace
	requests      []*Request
	faults        []*fault
	rebuilding    map[string]func() // cancels the rebuilds after a provider's switch, by its ID

	network *Network
	turn    turnServer
	stun    stunServer

	// running are requests, builds and agents; closing ends them.
	running sync.WaitGroup
	closing chan struct{}
}

// NewPrimary starts a primary on loopback, over TLS. The caller must close it.
func NewPrimary(options Options) (*Primary, error) {
	if options.Version == "" {
		options.Version = defaultVersion
	}
	if options.BuildTime == 0 {
		options.BuildTime = 50 * time.Millisecond
	}
	if options.AgentLinger == 0 {
		options.AgentLinger = 2 * time.Second
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	p := &Primary{options: options, minor: newest, tokens: map[tokenHash]*token{}, sshKeys: map[string]*sshKey{}, closing: make(chan struct{}), rebuilding: map[string]func(){}, network: &Network{}}
	p.turn.network = p.network
	p.SetVersion(options.Version)
	if options.Certificate == nil {
		authority, err := NewAuthority()
		if err != nil {
			return nil, err
		}
		certificate, err := authority.Issue("127.0.0.1", "localhost")
		if err != nil {
			return nil, err
		}
		p.ca, p.options.Certificate = authority.PEM(), &certificate
		if options.AgentRootCAs == nil {
			p.options.AgentRootCAs = x509.NewCertPool()
			p.options.AgentRootCAs.AppendCertsFromPEM(p.ca)
		}
	}
	door, err := newDoor(options.Addr, p.network)
	if err != nil {
		return nil, fmt.Errorf("the primary cannot listen: %w", err)
	}
	p.orgs = []*Org{{ID: newID(), Name: "default", Default: true, Members: []User{}}}
	p.door, p.listener = door, tls.NewListener(door, &tls.Config{
		Certificates: []tls.Certificate{*p.options.Certificate}, MinVersion: tls.VersionTLS12,
	})
	p.server = &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet()}
	p.serving.Go(func() { _ = p.server.Serve(p.listener) })
	return p, nil
}

// URL returns the primary's access URL.
func (p *Primary) URL() string { return "https://" + p.listener.Addr().String() }

// Network returns the network that leads to the primary.
func (p *Primary) Network() *Network { return p.network }

// CA returns the primary's own certificate authority in PEM.
func (p *Primary) CA() []byte { return p.ca }

// Close stops the primary and everything that it runs, and waits for that. It may be called again.
func (p *Primary) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	for _, w := range p.workspaces {
		p.stopAgent(w)
	}
	p.mu.Unlock()
	_ = p.server.Close()
	p.turn.close()
	_ = p.OfferDirect(false)
	p.serving.Wait()
	p.running.Wait()
}

func newID() string { return uuid.NewString() }
