package legacy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
)

// apiServer is a small Kubernetes API server. It stores objects and supports selectors,
// metadata-only answers, optimistic locking, merge patches, immutable Secrets and the size limit.
// It counts the requests, and the bytes that it sends.
type apiServer struct {
	*httptest.Server

	mu       sync.Mutex
	objects  map[string]map[string]any // by group/resource/namespace/name
	served   []served
	version  int
	requests []string
	sent     int
	// fault may return a status, which replaces the server's answer; 0 does not.
	fault func(method, path string) int
	// after runs when a request has been carried out, before the answer is sent.
	after func(method, path string)
}

// served is a kind that the server serves.
type served struct{ group, version, kind, resource string }

func (s served) groupVersion() string { return strings.TrimPrefix(s.group+"/"+s.version, "/") }

func modern() []served {
	return []served{
		{"", "v1", "Secret", "secrets"}, {"", "v1", "ConfigMap", "configmaps"}, {"", "v1", "Service", "services"},
		{"", "v1", "ServiceAccount", "serviceaccounts"}, {"", "v1", "Namespace", "namespaces"}, {"apps", "v1", "Deployment", "deployments"},
		{"rbac.authorization.k8s.io", "v1", "Role", "roles"}, {"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"},
		{"networking.k8s.io", "v1", "Ingress", "ingresses"},
		{"apps", "v1", "StatefulSet", "statefulsets"}, {"apps", "v1", "DaemonSet", "daemonsets"}, {"batch", "v1", "Job", "jobs"},
	}
}

func newAPIServer(t testing.TB) *apiServer {
	s := &apiServer{objects: map[string]map[string]any{}, served: modern()}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// failing sets fault, and afterwards sets after; nil removes either.
func (s *apiServer) failing(fault func(method, path string) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *apiServer) afterwards(after func(method, path string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = after
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	fault, after := s.fault, s.after
	s.mu.Unlock()
	status := 0
	if fault != nil {
		status = fault(r.Method, r.URL.Path)
	}
	s.mu.Lock()
	var answer any
	if status != 0 {
		answer = failure(status, "injected")
	} else {
		status, answer = s.answer(r, body)
	}
	text, _ := json.Marshal(answer)
	s.sent += len(text)
	s.mu.Unlock()
	if after != nil {
		after(r.Method, r.URL.Path)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func failure(status int, message string) any {
	reasons := map[int]metav1.StatusReason{
		403: metav1.StatusReasonForbidden, 404: metav1.StatusReasonNotFound, 409: metav1.StatusReasonConflict,
		422: metav1.StatusReasonInvalid, 500: metav1.StatusReasonInternalError,
	}
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Failure",
		Code: int32(status), Reason: reasons[status], Message: message, Details: &metav1.StatusDetails{Name: message},
	}
}

func (s *apiServer) answer(r *http.Request, body []byte) (int, any) {
	if answer := s.discovery(r.URL.Path); answer != nil {
		return 200, answer
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	groupVersion, rest := "v1", parts[min(2, len(parts)):]
	if parts[0] == "apis" && len(parts) > 3 {
		groupVersion, rest = parts[1]+"/"+parts[2], parts[3:]
	}
	namespace := ""
	if len(rest) > 2 && rest[0] == "namespaces" {
		namespace, rest = rest[1], rest[2:]
	}
	at := slices.IndexFunc(s.served, func(v served) bool { return v.groupVersion() == groupVersion && len(rest) > 0 && v.resource == rest[0] })
	if at < 0 {
		return 404, "404 page not found" // like a real server: no Status object
	}
	prefix := s.served[at].group + "/" + rest[0] + "/"
	name := ""
	if len(rest) > 1 {
		name = rest[1]
	}
	return s.object(r, body, s.served[at], prefix, namespace, name)
}

func (s *apiServer) object(r *http.Request, body []byte, what served, prefix, namespace, name string) (int, any) {
	key := prefix + namespace + "/" + name
	there, ok := s.objects[key]
	if name != "" && !ok {
		return 404, failure(404, what.resource+" "+name)
	}
	var sent map[string]any
	if len(body) > 0 && r.Method != http.MethodPatch {
		sent = decoded(body)
	}
	show := func(object map[string]any) map[string]any {
		object = maps.Clone(object)
		object["apiVersion"], object["kind"] = what.groupVersion(), what.kind
		if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata") {
			object = map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"]}
		}
		return object
	}
	switch {
	case r.Method == http.MethodGet && name == "":
		selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
		if err != nil {
			return 400, failure(400, err.Error())
		}
		items := []any{}
		for _, k := range slices.Sorted(maps.Keys(s.objects)) {
			in := strings.HasPrefix(k, prefix) && (namespace == "" || strings.HasPrefix(k, prefix+namespace+"/"))
			if in && selector.Matches(labels.Set(stringMap(s.objects[k], "labels"))) {
				items = append(items, show(s.objects[k]))
			}
		}
		kind, version := what.kind+"List", what.groupVersion()
		if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
		}
		return 200, map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{}, "items": items}
	case r.Method == http.MethodGet:
		return 200, show(there)
	case r.Method == http.MethodPost:
		name = metaOf(sent)["name"].(string)
		key = prefix + namespace + "/" + name
		if _, exists := s.objects[key]; exists {
			answer := failure(409, name).(metav1.Status)
			answer.Reason = metav1.StatusReasonAlreadyExists
			return 409, answer
		}
		if dataSize(sent) > 1<<20 {
			return 422, failure(422, "data: Too long")
		}
		metaOf(sent)["namespace"] = namespace
		return 201, show(s.put(key, sent, nil))
	case r.Method == http.MethodPut:
		if sentVersion := metaOf(sent)["resourceVersion"]; sentVersion != nil && sentVersion != metaOf(there)["resourceVersion"] {
			return 409, failure(409, name)
		}
		if there["immutable"] == true && fmt.Sprint(there["data"]) != fmt.Sprint(sent["data"]) {
			return 422, failure(422, "data: immutable")
		}
		if dataSize(sent) > 1<<20 {
			return 422, failure(422, "data: Too long")
		}
		metaOf(sent)["namespace"] = namespace
		return 200, show(s.put(key, sent, there))
	case r.Method == http.MethodPatch:
		var patch map[string]any
		_ = json.Unmarshal(body, &patch)
		return 200, show(s.put(key, mergePatch(there, patch), there))
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		return 200, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: "Success"}
	}
	return 405, failure(405, r.Method)
}

// decoded decodes a body in JSON or in protobuf, which typed clients send.
func decoded(body []byte) map[string]any {
	var object map[string]any
	if json.Unmarshal(body, &object) == nil {
		return object
	}
	typed, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return nil
	}
	text, _ := json.Marshal(typed)
	_ = json.Unmarshal(text, &object)
	return object
}

// mergePatch applies a JSON merge patch (RFC 7386).
func mergePatch(object, patch map[string]any) map[string]any {
	object = maps.Clone(object)
	if object == nil {
		object = map[string]any{}
	}
	for key, value := range patch {
		inner, isMap := value.(map[string]any)
		switch {
		case value == nil:
			delete(object, key)
		case isMap:
			there, _ := object[key].(map[string]any)
			object[key] = mergePatch(there, inner)
		default:
			object[key] = value
		}
	}
	return object
}

// put stores an object with the fields that a server sets.
func (s *apiServer) put(key string, object, old map[string]any) map[string]any {
	s.version++
	meta := metaOf(object)
	meta["resourceVersion"] = fmt.Sprint(s.version)
	meta["uid"] = fmt.Sprintf("uid-%d", s.version)
	meta["creationTimestamp"] = time.Date(2024, 5, 1, 0, 0, s.version, 0, time.UTC).Format(time.RFC3339)
	if old != nil {
		meta["uid"], meta["creationTimestamp"] = metaOf(old)["uid"], metaOf(old)["creationTimestamp"]
	}
	s.objects[key] = object
	return object
}

func metaOf(object map[string]any) map[string]any {
	meta, ok := object["metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		object["metadata"] = meta
	}
	return meta
}

func stringMap(object map[string]any, key string) map[string]string {
	texts := map[string]string{}
	values, _ := metaOf(object)[key].(map[string]any)
	for k, v := range values {
		texts[k] = fmt.Sprint(v)
	}
	return texts
}

func dataSize(object map[string]any) int {
	size := 0
	data, _ := object["data"].(map[string]any)
	for _, value := range data {
		text := fmt.Sprint(value)
		if raw, err := base64.StdEncoding.DecodeString(text); err == nil && object["kind"] != "ConfigMap" {
			text = string(raw)
		}
		size += len(text)
	}
	return size
}

// dump returns all objects for comparison, without the fields that every write changes.
func (s *apiServer) dump(t testing.TB) map[string]any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.Marshal(s.objects)
	if err != nil {
		t.Fatal(err)
	}
	var copied map[string]any
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&copied); err != nil {
		t.Fatal(err)
	}
	for _, object := range copied {
		meta := metaOf(object.(map[string]any))
		for _, key := range []string{"resourceVersion", "uid", "creationTimestamp"} {
			delete(meta, key)
		}
		for _, key := range []string{"labels", "annotations"} {
			if m, ok := meta[key].(map[string]any); ok && len(m) == 0 {
				delete(meta, key)
			}
		}
	}
	return copied
}

// edit changes a stored object directly, without a request.
func (s *apiServer) edit(t testing.TB, key string, change func(object map[string]any)) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	object, ok := s.objects[key]
	if !ok {
		t.Fatalf("no object %s among %v", key, slices.Sorted(maps.Keys(s.objects)))
	}
	change(object)
	s.put(key, object, object)
}

// count resets the counters and returns a function that returns the requests and bytes since
// then.
func (s *apiServer) count() func() (requests []string, sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.sent = nil, 0
	return func() ([]string, int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Clone(s.requests), s.sent
	}
}

// writes returns the requests that change something.
func writes(requests []string) []string {
	return slices.DeleteFunc(slices.Clone(requests), func(r string) bool { return strings.HasPrefix(r, "GET ") })
}
