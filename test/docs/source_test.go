package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

func readAPI(t *testing.T) *source {
	t.Helper()
	s, err := readSource(filepath.Join("..", "..", apiFolder))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.kinds) < 7 || len(s.texts) < 8 {
		t.Fatalf("only the documents %v and %d texts with constants were found", s.kinds, len(s.texts))
	}
	return s
}

// The schema describes the meaning of every field.
func TestEveryFieldIsDescribed(t *testing.T) {
	s := readAPI(t)
	for name, structure := range s.structs {
		if structure.doc == "" {
			t.Errorf("%s has no comment", name)
		}
		for _, f := range structure.fields {
			switch {
			case f.doc == "":
				t.Errorf("%s.%s has no comment", name, f.goName)
			case !strings.HasPrefix(f.doc, f.goName+" ") || !strings.HasSuffix(f.doc, "."):
				t.Errorf("%s.%s: the comment is not a sentence that begins with the field's name: %q", name, f.goName, f.doc)
			case saysOnlyItsName(f):
				t.Errorf("%s.%s: the comment says no more than its name: %q", name, f.goName, f.doc)
			}
		}
	}
	for name, text := range s.texts {
		if text.doc == "" || len(text.values) == 0 {
			t.Errorf("%s has no comment or no constants", name)
		}
	}
}

// saysOnlyItsName reports whether a comment consists only of words from the field's name and of
// filler words.
func saysOnlyItsName(f field) bool {
	empty := []string{"the", "a", "an", "is", "are", "of", "its", "it"}
	for word := range strings.FieldsSeq(strings.ToLower(strings.TrimSuffix(f.about(), "."))) {
		if !slices.Contains(empty, word) && !strings.Contains(strings.ToLower(f.goName), strings.TrimSuffix(word, "s")) {
			return false
		}
	}
	return true
}

func TestSaysOnlyItsName(t *testing.T) {
	for doc, want := range map[string]bool{
		"AccessURL is the access URL.":                      true,
		"AccessURL is an access URL of it.":                 true,
		"AccessURL is where users reach the satellite.":     false,
		"AccessURL is the access URL of the satellite.":     false,
		"AccessURL is the URL that DNS needs a record for.": false,
	} {
		f := field{goName: "AccessURL", name: "accessURL", comment: newComment(doc)}
		if saysOnlyItsName(f) != want {
			t.Errorf("%q: not %t", doc, want)
		}
	}
}

// The defaults in the comments are the ones that a Fleet without these fields gets.
func TestDefaults(t *testing.T) {
	s := readAPI(t)
	got := map[string]any{}
	for _, name := range []string{"Chart", "Defaults", "Canary", "Rollout"} {
		for _, f := range s.structs[name].fields {
			text, ok := f.markers["default"]
			if !ok {
				continue
			}
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				t.Fatalf("%s.%s: %v", name, f.goName, err)
			}
			got[name+"."+f.goName] = value
		}
	}
	const minimal = "apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n" +
		"regions: [{name: a, context: a, accessURL: 'https://a.example.com'}]\n"
	read, err := fleet.ReadFile(fleet.Stdin, strings.NewReader(minimal))
	if err != nil {
		t.Fatal(err)
	}
	region := read.Regions[0]
	for field, want := range map[string]any{
		"Chart.Repo": region.Satellite.Chart.Repo, "Chart.Name": region.Satellite.Chart.Name,
		"Defaults.Namespace": region.Satellite.Namespace, "Defaults.Release": region.Satellite.Release,
		"Canary.Workspace":    region.Providers[0].Canary,
		"Rollout.MaxParallel": float64(read.MaxParallel), "Rollout.MaxFailures": float64(read.MaxFailures),
	} {
		if got[field] != want {
			t.Errorf("%s: the comment says %v, the program %v", field, got[field], want)
		}
		delete(got, field)
	}
	if len(got) > 0 {
		t.Errorf("not compared with the program: %v", got)
	}
}

// The example in the reference works, and its first line points editors to the schema.
func TestFleetExample(t *testing.T) {
	if !bytes.HasPrefix(fleetExample, []byte(modeline+"\n")) {
		t.Errorf("the example does not begin with %s", modeline)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "fleet.yaml")
	write := func(name string, text []byte) {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, fleetExample)
	for _, name := range []string{"ca.pem", "common.yaml", "sydney.yaml"} {
		write(filepath.Join(folder, name), nil)
	}
	read, err := fleet.ReadFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Regions) != 4 || read.Regions[0].Satellite.Namespace != "coder-sydney" || read.Regions[1].Providers[1].Canary != fleet.CanaryNone {
		t.Errorf("the example reads as %+v", read)
	}
}
