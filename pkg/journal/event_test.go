package journal

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestEmit(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	for _, tc := range []struct {
		name                  string
		result                v1alpha1.StepResult
		kind, reason, message string
	}{
		{
			name:   "done",
			result: v1alpha1.StepResult{Name: "enable-networking-v2", State: v1alpha1.StepDone, Message: "it is on"},
			kind:   "Normal", reason: "EnableNetworkingV2Done", message: "migrate enable-networking-v2: it is on",
		},
		{
			name:   "failed",
			result: v1alpha1.StepResult{Name: "register--satellite", State: v1alpha1.StepFailed, Message: "x", Error: "no answer"},
			kind:   "Warning", reason: "RegisterSatelliteFailed", message: "migrate register--satellite: no answer",
		},
		{
			name:   "secret",
			result: v1alpha1.StepResult{Name: "s", State: v1alpha1.StepFailed, Error: "postgres://coder:hunter2@db: no"},
			kind:   "Warning", reason: "SFailed", message: "migrate s: postgres://coder:(redacted)@db: no",
		},
		{
			name:   "long",
			result: v1alpha1.StepResult{Name: "s", State: v1alpha1.StepDone, Message: strings.Repeat("é", 1000)},
			kind:   "Normal", reason: "SDone", message: "migrate s: " + strings.Repeat("é", 505) + "...",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, client := newServer(t)
			if err := Emit(t.Context(), client, place, "uid-1", "migrate", tc.result, at); err != nil {
				t.Fatal(err)
			}
			if got := server.sent(); got != "POST" {
				t.Errorf("it took %q", got)
			}
			event := &corev1.Event{}
			for _, object := range server.objects {
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, event); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff([]string{tc.kind, tc.reason, tc.message, Name, "uid-1"}, []string{event.Type, event.Reason, event.Message, event.InvolvedObject.Name, string(event.InvolvedObject.UID)}); diff != "" {
				t.Error(diff)
			}
			if !event.FirstTimestamp.Equal(&at) {
				t.Errorf("unexpected time: %s", event.FirstTimestamp)
			}
		})
	}
	server, client := newServer(t)
	server.faults = []fault{denied}
	if err := Emit(t.Context(), client, place, "uid-1", "migrate", v1alpha1.StepResult{}, at); err == nil {
		t.Error("no error")
	}
	server.faults = []fault{dropped}
	if err := Emit(t.Context(), client, place, "uid-1", "migrate", v1alpha1.StepResult{}, at); !errors.Is(err, errNetwork) {
		t.Errorf("unexpected error: %v", err)
	}
}

func TestBounded(t *testing.T) {
	for text, want := range map[string]string{"": "", "short": "short", "0123456789": "0123456789", "0123456789x": "0123456...", "012345éééé": "012345..."} {
		if got := bounded(text, 10); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
