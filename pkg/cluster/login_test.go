package cluster

import (
	"errors"
	"net/http"
	"sync"
	"testing"
)

// The first request of a user goes alone, until one was answered; then, and for
// other users, they go at once.
func TestLoginInTurn(t *testing.T) {
	began, answer := make(chan struct{}), make(chan error)
	server := roundTripper(func(*http.Request) (*http.Response, error) {
		began <- struct{}{}
		if err := <-answer; err != nil {
			return nil, err
		}
		return &http.Response{Body: http.NoBody}, nil
	})
	logins := newLogins()
	var all sync.WaitGroup
	send := func(user string) {
		transport := logins.inTurn(user, server)
		all.Go(func() {
			if response, err := transport.RoundTrip(nil); err == nil {
				_ = response.Body.Close()
			}
		})
	}
	alone := func() bool {
		login := logins.users["ann"]
		if login.mu.TryLock() {
			login.mu.Unlock()
			return false
		}
		return true
	}

	for range 5 {
		send("ann")
	}
	for _, err := range []error{errors.New("no browser"), errors.New("no browser"), nil} {
		<-began
		if !alone() {
			t.Error("others need not wait for the first request")
		}
		answer <- err
	}
	// two are left: they, and new ones, go at once, as all of them begin before any is answered
	send("ann")
	for range 3 {
		<-began
	}
	if alone() {
		t.Error("others wait after the login")
	}
	send("bob") // has a login of his own to do
	<-began
	for range 4 {
		answer <- nil
	}
	all.Wait()
}
