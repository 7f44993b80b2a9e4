package printer_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// fill fills a value, at random: some fields of it stay empty.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	if at, ok := v.Addr().Interface().(*metav1.Time); ok {
		*at = metav1.NewTime(time.Unix(1700000000+r.Int64N(5000), 0).UTC())
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem(), depth+1)
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.Type() != reflect.TypeFor[metav1.TypeMeta]() && r.IntN(5) > 0 {
				fill(r, field, depth+1)
			}
		}
	case reflect.Slice:
		n := r.IntN(4)
		if depth <= 2 && r.IntN(8) == 0 {
			n = 10 + r.IntN(50) // regions of a large fleet
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(r, v.Index(i), depth+1)
		}
	case reflect.String:
		texts := map[string][]string{
			"Outcome":        {"Succeeded", "NothingToDo", "Failed", "ChangesPending", "PartlyFailed", "LockHeld", "PreflightFailed", "Interrupted", "NotStarted", "Unreachable"},
			"StepState":      {"Already", "Done", "Failed", "Undone", "UndoFailed", "Interrupted"},
			"StepAction":     {"None", "Change", "Check", "Blocked"},
			"Finding":        {"Yes", "No", "None", "Unknown"},
			"NetworkingV2":   {"On", "Off", "AlwaysOn", "Unknown"},
			"CheckState":     {"Pass", "Warn", "Fail", "Skipped", "Unknown"},
			"Severity":       {"Error", "Warning"},
			"Phase":          {"Legacy", "Partial", "Migrated", "Adopted", "Finalized", "Unknown"},
			"RebuildState":   {"Planned", "Left", "Done", "Failed", "NotStarted"},
			"WorkspaceState": {"Adopted", "Waiting", "Building", "Failed"},
			"string": {
				"sydney", "london", "a", "日本", "enable-networking-v2", "rebuild", "the pod \"coderd-0\" failed 3 times", strings.Repeat("long text ", 30),
				"kubectl coder-satellite migrate --region sydney", "/tmp/evidence/a", hostile, "\x9b31m", "two\nFAKE\n\n\tlines", "x | y", "¶", "a ¦ b", "» a", "-", "{{.}}",
			},
		}[v.Type().Name()]
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64N(50_000))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	}
}

// Every document has a form that can show it, whatever is missing in it and whatever its texts contain.
func TestAnyDocument(t *testing.T) {
	sequences := regexp.MustCompile("\x1b\\[[0-9]+m")
	for _, kind := range []runtime.Object{
		&v1alpha1.Plan{}, &v1alpha1.MigrationReport{}, &v1alpha1.StatusReport{}, &v1alpha1.VerifyReport{}, &v1alpha1.WorkspaceReport{},
		&v1alpha1.History{}, &v1alpha1.CheckList{}, &v1alpha1.VersionInfo{},
	} {
		t.Run(fmt.Sprintf("%T", kind), func(t *testing.T) {
			for seed := range uint64(40) {
				r := rand.New(rand.NewPCG(seed, 1))
				document := kind.DeepCopyObject()
				fill(r, reflect.ValueOf(document).Elem(), 0)
				format := []string{"", "wide"}[seed%2]
				options := printer.Options{Width: 1 << 20, NoHeaders: r.IntN(4) == 0, Ahead: r.IntN(4) == 0}
				checkText(t, string(show(t, format, options, document)), options.Width)
				options.Width = printer.DefaultWidth
				text := string(show(t, format, options, document))
				options.Color = true
				colored := sequences.ReplaceAllString(string(show(t, format, options, document)), "")
				if diff := cmp.Diff(text, colored); diff != "" {
					t.Errorf("colour changes more than colour (-without +with):\n%s", diff)
				}
				if t.Failed() {
					t.Fatalf("with seed %d", seed)
				}
			}
		})
	}
}
