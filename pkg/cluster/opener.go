package cluster

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

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
