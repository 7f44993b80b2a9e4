package journal

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestEnsureNamespace(t *testing.T) {
	inPhase := func(phase string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}, "status": map[string]any{"phase": phase},
		}}
	}
	for _, tc := range []struct {
		name     string
		there    *unstructured.Unstructured
		faults   []fault
		want     string // part of the error
		requests string
	}{
		{name: "there", there: inPhase("Active"), requests: "GET"},
		{name: "not there", requests: "GET POST"},
		{name: "being deleted", there: inPhase("Terminating"), requests: "GET", want: `namespace "coder-satellite" is being deleted`},
		{name: "may not be read", faults: []fault{denied}, requests: "GET", want: "Forbidden"},
		{name: "may not be created", faults: []fault{none, denied}, requests: "GET POST", want: "Forbidden"},
		{name: "network", faults: []fault{dropped}, requests: "GET", want: "the network is gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, client := newServer(t)
			if tc.there != nil {
				server.objects["/api/v1/namespaces/"+namespace] = tc.there
			}
			server.faults = tc.faults
			err := EnsureNamespace(t.Context(), client, namespace)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if got := server.sent(); got != tc.requests {
				t.Errorf("it took %q", got)
			}
			if err == nil && server.objects["/api/v1/namespaces/"+namespace] == nil {
				t.Error("there is no namespace")
			}
		})
	}
	t.Run("created by another run meanwhile", func(t *testing.T) {
		server, client := newServer(t)
		server.faults = []fault{none, lost} // created, but the answer is lost
		if err := EnsureNamespace(t.Context(), client, namespace); !errors.Is(err, errNetwork) {
			t.Errorf("unexpected error: %v", err)
		}
		if err := EnsureNamespace(t.Context(), client, namespace); err != nil {
			t.Error(err)
		}
	})
}
