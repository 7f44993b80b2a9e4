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
type logins struct{ users sync.Map } // of *login, by user

type login struct {
	turn chan struct{} // holds an entry while a request logs in
	done chan struct{} // closed when there are credentials
	end  func()        // closes done, once
}

// inTurn returns a transport whose first request for user runs alone until, beneath next, loggedIn reports credentials.
// If it fails before that, the next one logs in.
func (l *logins) inTurn(user string, next http.RoundTripper) http.RoundTripper {
	done := make(chan struct{})
	own, _ := l.users.LoadOrStore(user, &login{turn: make(chan struct{}, 1), done: done, end: sync.OnceFunc(func() { close(done) })})
	login := own.(*login)
	return RoundTripper(func(request *http.Request) (*http.Response, error) {
		select {
		case <-login.done:
			return next.RoundTrip(request)
		default:
		}
		ctx := request.Context()
		select {
		case <-login.done:
			return next.RoundTrip(request)
		case <-ctx.Done():
			return nil, inTime(ctx, ctx.Err())
		case login.turn <- struct{}{}:
		}
		defer func() { <-login.turn }()
		return next.RoundTrip(request.WithContext(context.WithValue(ctx, loginKey{}, login.end)))
	})
}

type loginKey struct{} // of the login's end in a request's context

// loggedIn ends the turn of a request that has its credentials: an unresponsive cluster must not delay the others.
func loggedIn(ctx context.Context) {
	if end, ok := ctx.Value(loginKey{}).(func()); ok {
		end()
	}
}

// opening lets the first request to an API server connect alone, so that concurrent ones share that connection if the
// server speaks HTTP/2, instead of a handshake each.
func opening(next http.RoundTripper) http.RoundTripper {
	var begun atomic.Bool
	opened, open := context.WithCancel(context.Background()) // ended by a connection, or by the first request's failure
	return RoundTripper(func(request *http.Request) (*http.Response, error) {
		if begun.CompareAndSwap(false, true) {
			defer open()
			trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { open() }}
			return next.RoundTrip(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
		}
		select {
		case <-opened.Done():
			return next.RoundTrip(request)
		case <-request.Context().Done():
			return nil, context.Cause(request.Context())
		}
	})
}
