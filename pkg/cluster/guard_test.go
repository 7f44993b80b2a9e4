package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/flowcontrol"
)

// TestEndlessAnswer proves that an endless answer cannot fill the memory: reading stops, and the
// error says so.
func TestEndlessAnswer(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = access.Clientset().Discovery().RESTClient().Get().AbsPath("/endless").Do(t.Context()).Raw()
	if err == nil || !strings.Contains(err.Error(), "is longer than 64 MiB; it is not a Kubernetes API server") {
		t.Errorf("an endless answer: %v", err)
	}
}

// TestWebPage proves that a proxy's HTML page does not count as the success of a write. Clients
// do not decode the answer to a write, so they would not notice.
func TestWebPage(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = access.Clientset().CoreV1().Secrets("web").Delete(t.Context(), "page", metav1.DeleteOptions{})
	if err == nil || !strings.Contains(err.Error(), "answers with a web page, as a proxy or a login page does") {
		t.Errorf("error %v", err)
	}
}

// TestSlowAnswer proves that a missed deadline is described in words, whether it passes before
// the answer begins or halfway through it, and that Explain recognises it as a deadline.
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

// TestLateAnswer proves that an answer after the deadline does not count: an empty 200 to a
// client that has already given up is not a successful write.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := guarded(RoundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return answering("").RoundTrip(r)
		}), time.Second, 4)
		response, err := late.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "/", http.NoBody))
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// TestPace proves that requests beyond the burst wait, that this wait does not use up a request's
// own time limit, and that a wait beyond the caller's deadline is reported like a late answer.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := paced(flowcontrol.NewTokenBucketRateLimiter(0.5, 1), guarded(answering("ok"), time.Second, 4))
		begin := time.Now()
		for i, after := range []time.Duration{0, 2 * time.Second} {
			response, err := transport.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
			if err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil || time.Since(begin) != after {
				t.Errorf("request %d was sent after %v, not %v: %v", i, time.Since(begin), after, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := transport.RoundTrip(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)) //nolint:bodyclose // there is no body
		if err == nil || err.Error() != "the API server gave no complete answer in time" || ctx.Err() == nil {
			t.Errorf("a turn after the deadline: %v; context: %v", err, ctx.Err())
		}
	})
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
		transport := guarded(answering(test.body), time.Minute, 4)
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

// answering is a transport that answers every request with this body.
type answering string

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
