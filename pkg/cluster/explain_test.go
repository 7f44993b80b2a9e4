package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Real connection failures to an API server are explained with what to do next, never with a bare
// "context deadline exceeded".
func TestExplainConnections(t *testing.T) {
	good := newAPIServer(t)
	other := httptest.NewTLSServer(http.NotFoundHandler()) // httptest uses one certificate everywhere, so the same CA trusts it
	t.Cleanup(other.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for name, test := range map[string]struct {
		server, ca, want string
		noAnswer         bool
	}{
		"refused":      {"https://127.0.0.1:9", good.ca, "nothing answers at the API server's address (connection refused)", true},
		"no such host": {"https://nowhere.invalid", good.ca, `the API server's host "nowhere.invalid" cannot be resolved`, true},
		"unknown CA":   {good.URL, "", "signed by an unknown authority", false},
		"other name":   {strings.Replace(good.URL, "127.0.0.1", "localhost", 1), good.ca, "the API server's certificate is for another name", false},
		"no answer":    {"https://" + silent.Addr().String(), good.ca, "the API server did not answer in time", true},
	} {
		t.Run(name, func(t *testing.T) {
			k := kubeconfig(t, test.server, test.ca)
			access, err := k.Open("sydney", Options{Timeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			_, cause := access.UID(t.Context())
			err = Explain(cause, "sydney")
			unreachable := new(UnreachableError)
			if !errors.As(err, &unreachable) || !strings.HasPrefix(err.Error(), `context "sydney": `) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v is explained as: %v", cause, err)
			}
			if !errors.Is(err, cause) {
				t.Error("the cause is lost")
			}
			if unreachable.NoAnswer != test.noAnswer {
				t.Errorf("no answer: %t", unreachable.NoAnswer)
			}
			if again := Explain(err, "london"); again.Error() != err.Error() {
				t.Error("an explained error is explained again")
			}
		})
	}
}

func TestExplain(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, test := range map[string]struct {
		err      error
		want     string // empty: unchanged
		noAnswer bool
	}{
		"nothing":          {nil, "", false},
		"not found":        {apierrors.NewNotFound(pods, "a"), "", false},
		"conflict":         {apierrors.NewConflict(pods, "a", errors.New("x")), "", false},
		"no way there":     {fmt.Errorf("get: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}), "address cannot be reached (connect: no route to host)", true},
		"no more files":    {fmt.Errorf("get: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}), "this machine allows no more open files", false},
		"broken off":       {fmt.Errorf("get: %w", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}), "", false},
		"a busy server":    {apierrors.NewTimeoutError("busy", 1), "", false},
		"unauthorized":     {apierrors.NewUnauthorized("expired"), "does not accept the credentials (401): log in to the cluster again", false},
		"forbidden":        {apierrors.NewForbidden(pods, "a", errors.New("no")), "the API server refuses it (403)", false},
		"deadline":         {fmt.Errorf("get: %w", context.DeadlineExceeded), "did not answer in time", true},
		"plugin is absent": {errors.New(`getting credentials: exec: executable gke-gcloud-auth-plugin not found`), "the credentials plugin that the kubeconfig names is not installed", false},
		"plugin fails":     {errors.New(`getting credentials: exec: exit status 1`), "the credentials plugin failed", false},
		"plugin waits":     {fmt.Errorf("getting credentials: %w", context.DeadlineExceeded), "the credentials plugin failed", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := Explain(test.err, "sydney")
			switch {
			case test.want == "" && fmt.Sprint(got) != fmt.Sprint(test.err):
				t.Errorf("%v was changed to %v", test.err, got)
			case test.want != "" && (got == nil || !strings.Contains(got.Error(), test.want)):
				t.Errorf("%v, want %q", got, test.want)
			}
			if unreachable := new(UnreachableError); errors.As(got, &unreachable) && unreachable.NoAnswer != test.noAnswer {
				t.Errorf("no answer: %t", unreachable.NoAnswer)
			}
		})
	}
}

// A proxy that is down says nothing about the API servers behind it.
func TestExplainProxy(t *testing.T) {
	for name, cause := range map[string]error{
		"refused":  &net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}},
		"no name":  &net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "proxy", IsNotFound: true}}},
		"too slow": &net.OpError{Op: "proxyconnect", Err: os.ErrDeadlineExceeded},
	} {
		var explained *UnreachableError
		if err := Explain(fmt.Errorf("get: %w", cause), "sydney"); !errors.As(err, &explained) || explained.NoAnswer || !strings.Contains(err.Error(), "the proxy that HTTPS_PROXY") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
