package codertest_test

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// ask requests the version within a time limit.
func ask(t *testing.T, d *deployment, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL()+"/api", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// While it is away, a primary refuses connections or leaves them hanging. It returns at the same
// address when the time is up, or when Back is called.
func TestAway(t *testing.T) {
	d := start(t, codertest.Options{})
	owner := d.AddUser("owner@example.com")
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID})
	gone := echo(t, d, d.AgentToken(workspace.ID), "agent")
	if err := ask(t, d, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second call replaces the remaining time
		d.Away(time.Hour, false)
		<-gone // existing connections are closed
		if err := ask(t, d, 10*time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("away: %v", err)
		}
	}
	d.Away(50*time.Millisecond, false)
	eventually(t, "the primary", func() bool { return ask(t, d, 10*time.Second) == nil })

	d.Away(time.Hour, true)
	if err := ask(t, d, 100*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hanging: %v", err)
	}
	answered := make(chan error, 1)
	go func() { answered <- ask(t, d, 10*time.Second) }()
	d.Back()
	if err := <-answered; err != nil {
		t.Errorf("the request that hung got no answer: %v", err)
	}
	d.Back() // a second call does no harm
	d.Away(time.Hour, false)
}
