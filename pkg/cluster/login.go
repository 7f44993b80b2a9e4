package cluster

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// logins lets the first authentication of each kubeconfig user run alone, so that a credentials plugin that opens a
// browser opens one, not one per cluster.
type logins struct {
	mu    sync.Mutex
	users map[string]*login
}

type login struct {
	turn chan struct{} // holds an entry while a request logs in
	once sync.Once
	done chan struct{} // closed when there are credentials
}

func newLogins() *logins { return &logins{users: map[string]*login{}} }

// inTurn returns a transport whose first request for user runs alone until, beneath next, loggedIn reports credentials.
func (l *logins) inTurn(user string, next http.RoundTripper) http.RoundTripper {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users[user] == nil {
		l.users[user] = &login{turn: make(chan struct{}, 1), done: make(chan struct{})}
	}
	return &inTurn{login: l.users[user], next: next}
}

type inTurn struct {
	login *login
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper. If a request fails before it has credentials, the next one logs in.
func (t *inTurn) RoundTrip(request *http.Request) (*http.Response, error) {
	select {
	case <-t.login.done:
		return t.next.RoundTrip(request)
	default:
	}
	select {
	case <-t.login.done:
		return t.next.RoundTrip(request)
	case <-request.Context().Done():
		return nil, inTime(request.Context(), request.Context().Err())
	case t.login.turn <- struct{}{}:
	}
	defer func() { <-t.login.turn }()
	return t.next.RoundTrip(request.WithContext(context.WithValue(request.Context(), loginKey{}, t.login)))
}

type loginKey struct{} // of the login in a request's context

// loggedIn ends the turn of a request that has its credentials: an unresponsive cluster must not delay the others.
func loggedIn(ctx context.Context) {
	if l, ok := ctx.Value(loginKey{}).(*login); ok {
		l.once.Do(func() { close(l.done) })
	}
}

// opener lets the first request to an API server connect alone, so that concurrent ones share that connection if the
// server speaks HTTP/2, instead of a handshake each.
type opener struct {
	next   http.RoundTripper
	begun  atomic.Bool
	open   func()        // closes opened, once
	opened chan struct{} // closed when there is a connection, or the first request failed
}

func newOpener(next http.RoundTripper) *opener {
	opened := make(chan struct{})
	return &opener{next: next, opened: opened, open: sync.OnceFunc(func() { close(opened) })}
}

func (o *opener) RoundTrip(request *http.Request) (*http.Response, error) {
	if o.begun.CompareAndSwap(false, true) {
		defer o.open()
		trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { o.open() }}
		return o.next.RoundTrip(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	}
	select {
	case <-o.opened:
		return o.next.RoundTrip(request)
	case <-request.Context().Done():
		return nil, context.Cause(request.Context())
	}
}
