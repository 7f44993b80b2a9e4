package printer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubectl/pkg/cmd/get"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// twoRegions has no control characters, since kubectl escapes fewer of them and would print
// something else.
func twoRegions() *v1alpha1.StatusReport {
	return &v1alpha1.StatusReport{Regions: []v1alpha1.RegionStatus{
		{Name: "sydney", Outcome: v1alpha1.OutcomeSucceeded, Checks: []v1alpha1.CheckResult{{ID: "canary"}, {ID: "access-url"}}},
		{Name: "a-longer-name", Outcome: v1alpha1.OutcomeFailed, Checks: []v1alpha1.CheckResult{{ID: "dns"}}},
	}}
}

// Custom columns accept and print the same as kubectl's.
func TestColumnsAreKubectls(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "columns")
	write(t, file, "NAME  CHECKS\n.name .checks[*].id\n")
	lastLine := filepath.Join(dir, "no-line-feed")
	write(t, lastLine, "NAME\n{.name}")
	for _, format := range []string{
		"custom-columns=NAME:name",
		"custom-columns=NAME:.name,OUTCOME:{outcome},CHECKS:{.checks[*].id}",
		"custom-columns=FIRST:.checks[0].id,NONE:.nothing.below,ALL:.checks[*].nothing",
		"custom-columns=ONE:.checks[?(@.id==\"canary\")].id",
		"custom-columns=:.name",
		"custom-columns-file=" + file,
		"custom-columns-file=" + lastLine,
	} {
		t.Run(format, func(t *testing.T) {
			kubectl, err := (&get.CustomColumnsPrintFlags{}).ToPrinter(format)
			if err != nil {
				t.Fatal(err)
			}
			list := &unstructured.UnstructuredList{Object: map[string]any{"kind": "List", "apiVersion": "v1"}}
			for _, region := range twoRegions().Regions {
				content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&region)
				if err != nil {
					t.Fatal(err)
				}
				list.Items = append(list.Items, unstructured.Unstructured{Object: content})
			}
			var want bytes.Buffer
			if err := kubectl.PrintObj(list, &want); err != nil {
				t.Fatal(err)
			}
			got := show(t, format, printer.Options{}, twoRegions())
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Errorf("-kubectl +got:\n%s", diff)
			}
		})
	}
}

func TestColumnsPrintHeadersOnce(t *testing.T) {
	p, err := printer.New("custom-columns=NAME:.name", printer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for range 2 { // several times, as with --watch
		if err := p.PrintObj(twoRegions(), &out); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff("NAME\nsydney\na-longer-name\nsydney\na-longer-name\n", out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestColumnErrors(t *testing.T) {
	dir := t.TempDir()
	unequal := filepath.Join(dir, "unequal")
	write(t, unequal, "A B\n.name\n")
	empty := filepath.Join(dir, "empty")
	write(t, empty, "")
	for format, want := range map[string]string{
		"custom-columns=A:":            `column "A": "" is no path; write it as .name`,
		"custom-columns=A:{.a":         `column "A": "{.a" is no path`,
		"custom-columns=A:.a[":         `column "A": unterminated array`,
		"custom-columns=A:.a,,B:.b":    `column "": expected <header>:<json-path-expr>`,
		"custom-columns-file=":         "no custom columns given",
		"custom-columns-file=" + dir:   "is a directory",
		"custom-columns-file=" + empty: "0 headers in its first line and 0 paths",
		"custom-columns-file=" + unequal: unequal +
			" has 2 headers in its first line and 1 paths in its second",
	} {
		t.Run(format, func(t *testing.T) {
			p, err := printer.New(format, printer.Options{})
			if p != nil || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		})
	}
	// A field that only the whole document has is an error that names the item.
	p, err := printer.New("custom-columns=A:.name[0]", printer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = p.PrintObj(twoRegions(), &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), `the region "sydney" cannot be printed in columns: `) {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
