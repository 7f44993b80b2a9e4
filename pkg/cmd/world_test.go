package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// world is an emulated primary and a small API server, against which tests run whole commands.
type world struct {
	primary    *codertest.Primary
	api        *httptest.Server
	kubeconfig string
	clock      clock.WithTicker
	getenv     map[string]string

	mu sync.Mutex
	// objects holds the API server's objects as JSON, by path.
	objects map[string]string
	// trouble holds answers that replace the normal ones, by path.
	trouble map[string]string
	// warning is a warning header that the API server sends with every answer.
	warning string
	writes  []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	// idle connections of clients are not leaks
	goleakOptions := []goleak.Option{
		goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	}
	t.Cleanup(func() { goleak.VerifyNone(t, goleakOptions...) })
	w := &world{clock: clock.RealClock{}, objects: map[string]string{
		"/apis/authorization.k8s.io/v1/selfsubjectrulesreviews": `{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1",` +
			`"status":{"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]}}`,
		"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":true}}`,
		"/version":                       `{"gitVersion":"v1.29.3"}`,
		"/api/v1/namespaces/kube-system": `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"uid"}}`,
	}}
	w.api = httptest.NewServer(w)
	t.Cleanup(w.api.Close)
	primary, err := codertest.NewPrimary(codertest.Options{Version: "1.21.7"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	w.primary = primary
	operator := primary.AddUser("ann@example.com", "site-manager")
	provider := primary.AddProvider(codertest.Provider{Name: "sydney", Config: codertest.ProviderConfig{ClusterAddress: w.api.URL, DefaultNamespace: "coder"}})
	primary.AddWorkspace(codertest.Workspace{Name: "canary", UserID: operator.ID, ResourcePoolID: provider.ID})
	w.kubeconfig = writeFile(t, "kubeconfig", fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"sydney",`+
		`"clusters":[{"name":"c","cluster":{"server":%q}},{"name":"d","cluster":{"server":"https://10.255.255.1"}}],`+
		`"contexts":[{"name":"sydney","context":{"cluster":"c","user":"u"}},{"name":"elsewhere","context":{"cluster":"d","user":"u"}}],`+
		`"users":[{"name":"u","user":{}}]}`, w.api.URL))
	w.getenv = map[string]string{
		"CODER_URL": primary.URL(), "CODER_TOKEN": primary.Token(operator.ID),
	}
	t.Setenv("KUBECACHEDIR", t.TempDir())
	return w
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ServeHTTP answers as the API server: with the object at the path, or with an empty list.
func (w *world) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer.Header().Set("Content-Type", "application/json")
	if w.warning != "" {
		answer.Header().Set("Warning", fmt.Sprintf("299 - %q", w.warning))
	}
	if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/selfsubject") {
		w.writes = append(w.writes, r.Method+" "+r.URL.Path)
	}
	object, found := w.objects[r.URL.Path]
	trouble, troubled := w.trouble[r.URL.Path]
	switch {
	case troubled:
		answer.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(answer, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"InternalError","code":500,"message":%s}`, trouble)
	case found && r.Method == http.MethodPut:
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		w.objects[r.URL.Path] = body.String()
		answer.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		_, _ = answer.Write(body.Bytes())
	case found:
		_, _ = answer.Write([]byte(object))
	case r.URL.Query().Has("labelSelector") && strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata"):
		_, _ = answer.Write([]byte(`{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[]}`))
	case r.URL.Query().Has("labelSelector"):
		_, _ = answer.Write([]byte(`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}`))
	default:
		answer.WriteHeader(http.StatusNotFound)
		_, _ = answer.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`))
	}
}

// said is the output and the exit code of a command.
type said struct {
	code        int
	out, errOut string
}

// run runs a command line against the world, within this process.
func (w *world) run(ctx context.Context, t *testing.T, args ...string) said {
	t.Helper()
	ca := writeFile(t, "ca.pem", string(w.primary.CA()))
	var out, errOut bytes.Buffer
	env := Environment{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut},
		Getenv:    func(name string) string { return w.getenv[name] },
		Clock:     w.clock,
	}
	code := Main(ctx, env, append(args, "--kubeconfig", w.kubeconfig, "--coder-ca-file", ca))
	got := said{code, out.String(), errOut.String()}
	if token := w.getenv["CODER_TOKEN"]; token != "" && strings.Contains(got.out+got.errOut, token) {
		t.Errorf("%v shows the token", args)
	}
	if err := schema.Check(got.out); err != nil {
		t.Errorf("%v: %v", args, err)
	}
	return got
}

// decode decodes the only document that a command printed as JSON.
func decode[T any](t *testing.T, s said) T {
	t.Helper()
	var document T
	if err := json.Unmarshal([]byte(s.out), &document); err != nil {
		t.Fatalf("exit code %d, %v: %s\n%s", s.code, err, s.out, s.errOut)
	}
	return document
}

// eventually waits until a condition holds, and fails the test if it never does.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		runtime.Gosched()
	}
}
