package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const namespace = "coder-satellite"

// place is where the journal is stored.
var place = types.NamespacedName{Namespace: namespace, Name: Name}

var errNetwork = errors.New("the network is gone")

// fault is what happens to one request.
type fault int

const (
	none     fault = iota
	dropped        // it never arrives
	lost           // it is carried out, but its answer is lost
	conflict       // it is answered with 409
	broken         // it is answered with 500
	denied         // it is answered with 403
)

// apiServer stores objects as an API server does, with resource versions and conflicts, but
// without a network.
type apiServer struct {
	objects  map[string]*unstructured.Unstructured // by path
	version  int
	requests []string
	// faults apply to the next requests, one each.
	faults []fault
}

func newServer(t testing.TB) (*apiServer, kubernetes.Interface) {
	s := &apiServer{objects: map[string]*unstructured.Unstructured{}}
	config := &rest.Config{Host: "https://cluster.test", QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
	client, err := kubernetes.NewForConfigAndClient(config, &http.Client{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

func (s *apiServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, r.Method)
	f := none
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	switch f {
	case dropped:
		return nil, errNetwork
	case conflict:
		return respond(r, 409, failure(409, metav1.StatusReasonConflict))
	case broken:
		return respond(r, 500, failure(500, metav1.StatusReasonInternalError))
	case denied:
		return respond(r, 403, failure(403, metav1.StatusReasonForbidden))
	}
	sent := &unstructured.Unstructured{}
	if r.Body != nil {
		if err := json.NewDecoder(r.Body).Decode(&sent.Object); err != nil {
			return nil, err
		}
	}
	status, answer := s.answer(r.Method, r.URL.Path, sent)
	if f == lost {
		return nil, errNetwork
	}
	return respond(r, status, answer)
}

func (s *apiServer) answer(method, path string, sent *unstructured.Unstructured) (int, any) {
	if method == http.MethodPost {
		if sent.GetName() == "" {
			sent.SetName(fmt.Sprintf("%s%d", sent.GetGenerateName(), s.version))
		}
		path += "/" + sent.GetName()
	}
	there := s.objects[path]
	switch {
	case method == http.MethodPost && there != nil:
		return 409, failure(409, metav1.StatusReasonAlreadyExists)
	case method != http.MethodPost && there == nil:
		return 404, failure(404, metav1.StatusReasonNotFound)
	case method == http.MethodPut && sent.GetResourceVersion() != there.GetResourceVersion():
		return 409, failure(409, metav1.StatusReasonConflict)
	case method == http.MethodPost || method == http.MethodPut:
		s.version++
		sent.SetResourceVersion(fmt.Sprint(s.version))
		s.objects[path] = sent
	}
	return 200, s.objects[path]
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

// sent returns the requests since its last call.
func (s *apiServer) sent() string {
	sent := strings.Join(s.requests, " ")
	s.requests = nil
	return sent
}

const configMapPath = "/api/v1/namespaces/" + namespace + "/configmaps/" + Name

// stored returns the journal as the cluster stores it.
func (s *apiServer) stored(t testing.TB) *Record {
	t.Helper()
	data, _, _ := unstructured.NestedString(s.objects[configMapPath].Object, "data", key)
	record, err := Decode([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// put stores text as the journal, as another writer would.
func (s *apiServer) put(text string) {
	s.version++
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": Name, "namespace": namespace, "resourceVersion": fmt.Sprint(s.version)},
		"data":     map[string]any{key: text},
	}}
	s.objects[configMapPath] = object
}
