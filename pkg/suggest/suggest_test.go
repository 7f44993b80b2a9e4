package suggest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

func TestNear(t *testing.T) {
	regions := []string{"sydney", "london", "ohio", "gke_acme_sydney", "sydney-2", "sydnay", "Perth"}
	for name, test := range map[string]struct {
		name       string
		candidates []string
		want       []string
	}{
		"a letter wrong":        {"sidney", []string{"london", "sydney"}, []string{"sydney"}},
		"a letter missing":      {"sydny", []string{"london", "sydney"}, []string{"sydney"}},
		"a letter too many":     {"syydney", []string{"london", "sydney"}, []string{"sydney"}},
		"two letters swapped":   {"syndey", []string{"london", "sydney"}, []string{"sydney"}},
		"three letters wrong":   {"sxxxey", []string{"sydney"}, nil},
		"a part of it":          {"acme", regions, []string{"gke_acme_sydney"}},
		"more than it":          {"london.example.com", regions, []string{"london"}},
		"another case":          {"PERTH", regions, []string{"Perth"}},
		"a part, another case":  {"ACME", regions, []string{"gke_acme_sydney"}},
		"nearest first":         {"sydney", regions, []string{"sydney", "sydnay", "sydney-2"}},
		"letters, not bytes":    {"munxhen", []string{"münchen"}, []string{"münchen"}},
		"three letters unalike": {"äöü", []string{"abc"}, nil},
		"short ones differ":     {"b", []string{"a", "ab"}, []string{"ab"}},
		"nothing":               {"", []string{"sydney", "ab"}, nil},
		"an empty candidate":    {"x", []string{""}, nil},
		"no candidates":         {"x", nil, nil},
		"unlike":                {"frankfurt", regions, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := suggest.Near(test.name, test.candidates)
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDidYouMean(t *testing.T) {
	for name, test := range map[string]struct {
		name       string
		candidates []string
		want       string
	}{
		"one":     {"sidney", []string{"sydney", "ohio"}, `; did you mean "sydney"?`},
		"two":     {"prod", []string{"prod-1", "prod-2"}, `; did you mean "prod-1" or "prod-2"?`},
		"none":    {"x", []string{"sydney"}, ""},
		"hostile": {"a\x1b[2Jb", []string{"a\x1b[2Jbc"}, `; did you mean "a\x1b[2Jbc"?`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, suggest.DidYouMean(test.name, test.candidates)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// For any input: at most three names are suggested, all of them candidates, and a candidate with
// one letter changed is found.
func TestNearProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9-]{0,12}`)
		name, candidates := word.Draw(t, "name"), rapid.SliceOfDistinct(word, rapid.ID[string]).Draw(t, "candidates")
		before := slices.Clone(candidates)
		got := suggest.Near(name, candidates)
		if len(got) > 3 {
			t.Errorf("%d names", len(got))
		}
		for _, n := range got {
			if !slices.Contains(candidates, n) || n == "" {
				t.Errorf("%q is not a candidate", n)
			}
		}
		if !slices.Equal(before, candidates) {
			t.Error("the candidates were changed")
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringMatching(`[a-z]{3,20}`).Draw(t, "name")
		at := rapid.IntRange(0, len(want)-1).Draw(t, "at")
		typed := want[:at] + "_" + want[at+1:]
		if !slices.Contains(suggest.Near(typed, []string{strings.Repeat("9", 30), want}), want) {
			t.Errorf("%q does not find %q", typed, want)
		}
	})
}
