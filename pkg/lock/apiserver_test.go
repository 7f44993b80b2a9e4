package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const namespace = "coder-satellite"

// lease is where the lock is stored.
var lease = types.NamespacedName{Namespace: namespace, Name: Name}

// apiServer stores one Lease as an API server does, with resource versions and conflicts. It
// needs no network, so that tests can run in a synctest bubble with a fake clock.
type apiServer struct {
	mu      sync.Mutex
	lease   *coordinationv1.Lease
	version int
}

// fault is what happens to one request.
type fault struct {
	delay  time.Duration // before it arrives
	refuse int           // the status that it is answered with instead
	drop   bool          // it never arrives
	lost   bool          // it is carried out, but its answer is lost
	late   bool          // it is carried out although its sender gave up waiting
	slow   time.Duration // before its answer arrives
}

// weather is the current fault of all requests.
type weather struct{ now atomic.Pointer[fault] }

func (w *weather) set(f fault) { w.now.Store(&f) }

func (w *weather) on(*http.Request) fault {
	if f := w.now.Load(); f != nil {
		return *f
	}
	return fault{}
}

var errNetwork = errors.New("the network is gone")

// link is the connection of one client to the server.
type link struct {
	server *apiServer
	// on returns the fault of a request; nil for no faults.
	on func(*http.Request) fault

	mu       sync.Mutex
	requests []string
}

func (s *apiServer) client(t testing.TB, on func(*http.Request) fault) (kubernetes.Interface, *link) {
	l := &link{server: s, on: on}
	config := &rest.Config{Host: "https://cluster.test", QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
	client, err := kubernetes.NewForConfigAndClient(config, &http.Client{Transport: l})
	if err != nil {
		t.Fatal(err)
	}
	return client, l
}

// sent returns the requests since its last call.
func (l *link) sent() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := strings.Join(l.requests, " ")
	l.requests = nil
	return sent
}

func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.requests = append(l.requests, r.Method)
	l.mu.Unlock()
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	var f fault
	if l.on != nil {
		f = l.on(r)
	}
	if err := wait(r, f.delay); err != nil {
		if f.late {
			l.server.answer(r.Method, body)
		}
		return nil, err
	}
	switch {
	case f.drop:
		return nil, errNetwork
	case f.refuse != 0:
		reasons := map[int]metav1.StatusReason{403: metav1.StatusReasonForbidden, 409: metav1.StatusReasonConflict, 500: metav1.StatusReasonInternalError}
		return respond(r, f.refuse, failure(f.refuse, reasons[f.refuse]))
	}
	status, answer := l.server.answer(r.Method, body)
	if err := wait(r, f.slow); err != nil || f.lost {
		return nil, errors.Join(errNetwork, err)
	}
	return respond(r, status, answer)
}

func wait(r *http.Request, d time.Duration) error {
	if d == 0 {
		return r.Context().Err()
	}
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case <-time.After(d):
		return nil
	}
}

func respond(r *http.Request, status int, answer any) (*http.Response, error) {
	text, err := json.Marshal(answer)
	return &http.Response{
		StatusCode: status, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)),
	}, err
}

func failure(status int, reason metav1.StatusReason) metav1.Status {
	return metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure", Code: int32(status), Reason: reason, Message: string(reason)}
}

func (s *apiServer) answer(method string, body []byte) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := &coordinationv1.Lease{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, sent); err != nil {
			return 400, failure(400, metav1.StatusReasonBadRequest)
		}
	}
	switch {
	case method == http.MethodPost && s.lease != nil:
		return 409, failure(409, metav1.StatusReasonAlreadyExists)
	case method != http.MethodPost && s.lease == nil:
		return 404, failure(404, metav1.StatusReasonNotFound)
	case method == http.MethodPut && sent.ResourceVersion != s.lease.ResourceVersion:
		return 409, failure(409, metav1.StatusReasonConflict)
	case method == http.MethodPost || method == http.MethodPut:
		s.store(sent)
	}
	return 200, s.lease.DeepCopy()
}

func (s *apiServer) store(lease *coordinationv1.Lease) {
	s.version++
	s.lease = lease.DeepCopy()
	s.lease.TypeMeta = metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"}
	s.lease.Namespace, s.lease.Name, s.lease.ResourceVersion = namespace, Name, fmt.Sprint(s.version)
}

// edit changes the lease as an operator with kubectl would.
func (s *apiServer) edit(change func(*coordinationv1.Lease)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lease := s.lease.DeepCopy()
	change(lease)
	s.store(lease)
}

// now returns the stored lease, or nil if there is none.
func (s *apiServer) now() *coordinationv1.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease.DeepCopy()
}

func (s *apiServer) holder() string {
	if lease := s.now(); lease != nil {
		return holder(lease)
	}
	return ""
}

func decode(t testing.TB, r io.Reader, into any) {
	if err := json.NewDecoder(r).Decode(into); err != nil {
		t.Error(err)
	}
}
