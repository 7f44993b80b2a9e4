package cluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A user's first request runs alone, so that the credentials plugin logs in only once. Afterwards
// the user's requests run in parallel, even if the first one failed. Users do not wait for each
// other.
func TestLoginInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		inLogin, atServer := 0, 0
		credentials, answer := make(chan error), make(chan struct{})
		count := func(n *int, by int) {
			mu.Lock()
			defer mu.Unlock()
			*n += by
		}
		client := RoundTripper(func(r *http.Request) (*http.Response, error) {
			count(&inLogin, 1)
			err := <-credentials
			count(&inLogin, -1)
			if err != nil {
				return nil, err
			}
			loggedIn(r.Context())
			count(&atServer, 1)
			<-answer
			return &http.Response{Body: http.NoBody}, nil
		})
		logins := &logins{}
		var all sync.WaitGroup
		send := func(ctx context.Context, user string) {
			transport := logins.inTurn(user, client)
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://127.0.0.1:1", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if response, err := transport.RoundTrip(request); err == nil {
					_ = response.Body.Close()
				}
			})
		}
		want := func(when string, logIn, served int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if inLogin != logIn || atServer != served {
				t.Errorf("%s: %d log in and %d are at the server, want %d and %d", when, inLogin, atServer, logIn, served)
			}
		}

		send(t.Context(), "ann")
		want("at the beginning", 1, 0)
		impatient, giveUp := context.WithCancel(t.Context())
		send(impatient, "ann")
		for range 4 {
			send(t.Context(), "ann")
		}
		want("with others waiting", 1, 0)
		giveUp()
		for range 2 {
			credentials <- errors.New("no browser")
			want("after a failed login", 1, 0)
		}
		send(t.Context(), "bob") // has to log in himself
		want("with another user", 2, 0)
		close(credentials)
		want("with credentials, and nothing answered", 0, 4)
		close(answer)
		all.Wait()
	})
}

// A cluster that does not answer does not block other clusters of the same user, and a request's
// wait for its turn does not count towards its own time limit.
func TestDeadClusterHoldsNobody(t *testing.T) {
	healthy := newAPIServer(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections but never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dead.Close() })
	file := filepath.Join(t.TempDir(), "config")
	text := strings.NewReplacer("DEAD", dead.Addr().String(), "HEALTHY", healthy.URL, "CA", healthy.ca, "PROGRAM", os.Args[0]).Replace(`apiVersion: v1
kind: Config
clusters:
- {name: dead, cluster: {server: "https://DEAD", certificate-authority: CA}}
- {name: healthy, cluster: {server: "HEALTHY", certificate-authority: CA}}
contexts:
- {name: dead, context: {cluster: dead, user: ann}}
- {name: healthy, context: {cluster: healthy, user: ann}}
users:
- name: ann
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: PROGRAM
      args: ["-test.run=^TestCredentialsPlugin$"]
      env: [{name: CREDENTIALS_PLUGIN, value: "1200ms"}]
      interactiveMode: Never
`)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := LoadKubeconfig(file)
	if err != nil {
		t.Fatal(err)
	}
	const limit = time.Second // shorter than the login
	var all sync.WaitGroup
	for name, ok := range map[string]bool{"dead": false, "healthy": true} {
		access, err := k.Open(name, Options{Timeout: limit})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			all.Go(func() {
				_, err := access.UID(t.Context())
				if (err == nil) != ok {
					t.Errorf("the cluster that is %s: %v", name, err)
				}
				if err != nil && !strings.Contains(err.Error(), "the API server gave no complete answer in time") {
					t.Errorf("the error does not say what is wrong: %v", err)
				}
			})
		}
	}
	all.Wait()
	for _, token := range healthy.tokens {
		if token != "Bearer from-the-plugin" {
			t.Errorf("a request with the credentials %q", token)
		}
	}
}

// TestCredentialsPlugin acts as the credentials plugin when the test above starts this binary.
func TestCredentialsPlugin(t *testing.T) {
	takes, err := time.ParseDuration(os.Getenv("CREDENTIALS_PLUGIN"))
	if err != nil {
		t.Skip("not a test: runs only as a credentials plugin")
	}
	<-time.After(takes)
	_, _ = os.Stdout.WriteString(`{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-the-plugin"}}` + "\n")
	_ = os.Stdout.Close() // keeps the test framework's output out of the credentials
}
