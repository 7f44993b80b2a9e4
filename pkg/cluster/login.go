package cluster

import (
	"net/http"
	"sync"
)

// logins makes the first request of each kubeconfig user go alone, so that a
// credentials plugin that opens a browser opens one, not one per request.
type logins struct {
	mu    sync.Mutex
	users map[string]*login
}

// login is the first authentication of one user.
type login struct {
	mu   sync.Mutex
	done bool
}

func newLogins() *logins { return &logins{users: map[string]*login{}} }

// inTurn returns a transport whose first request for user goes alone.
func (l *logins) inTurn(user string, next http.RoundTripper) http.RoundTripper {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users[user] == nil {
		l.users[user] = &login{}
	}
	return &inTurn{login: l.users[user], next: next}
}

type inTurn struct {
	login *login
	next  http.RoundTripper
}

func (t *inTurn) RoundTrip(request *http.Request) (*http.Response, error) {
	t.login.mu.Lock()
	if t.login.done {
		t.login.mu.Unlock()
		return t.next.RoundTrip(request)
	}
	defer t.login.mu.Unlock()
	response, err := t.next.RoundTrip(request)
	// a request that was not answered may not have come to authenticate
	t.login.done = err == nil
	return response, err
}
