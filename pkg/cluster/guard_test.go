package cluster

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestEndlessAnswer proves that what answers without an end cannot fill the
// memory: the answer is broken off, and the error says so.
func TestEndlessAnswer(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = access.Clientset().Discovery().RESTClient().Get().AbsPath("/endless").Do(t.Context()).Raw()
	if err == nil || !strings.Contains(err.Error(), "is longer than 64 MiB; that is no API server of Kubernetes") {
		t.Errorf("an endless answer: %v", err)
	}
}

// TestSlowAnswer proves that a deadline is told in words, whether it passes
// before the answer begins or in the middle, and is one to those who ask.
func TestSlowAnswer(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/silent", "/stuck"} {
		_, err = access.Clientset().Discovery().RESTClient().Get().AbsPath(path).Do(t.Context()).Raw()
		if err == nil || !strings.Contains(err.Error(), "the API server gave no complete answer in time") {
			t.Errorf("%s: %v", path, err)
		}
		if explained := Explain(err, "sydney"); !strings.Contains(explained.Error(), "did not answer in time") {
			t.Errorf("%s, explained: %v", path, explained)
		}
	}
}

func TestGuardedBody(t *testing.T) {
	for _, test := range []struct {
		body string
		ok   bool
	}{
		{"", true},
		{"1234", true},
		{"12345", false},
		{strings.Repeat("5", 1<<16), false},
	} {
		transport := &guard{max: 4, timeout: time.Minute, next: answering(test.body)}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:1", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(response.Body)
		if (err == nil) != test.ok || (test.ok && string(read) != test.body) {
			t.Errorf("a body of %d bytes with a limit of 4: %q, %v", len(test.body), read, err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// answering is a transport that answers with this body.
type answering string

// RoundTrip implements http.RoundTripper.
func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
