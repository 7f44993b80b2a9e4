package rollout

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// statesOf parses "a:done b:failed". Regions that are not named are waiting.
func statesOf(t *testing.T, text string) map[string]progress {
	t.Helper()
	known := map[string]progress{"at-work": atWork, "done": done, "failed": failed}
	states := map[string]progress{"a": waiting, "b": waiting, "c": waiting, "d": waiting, "e": waiting, "f": waiting}
	for _, field := range strings.Fields(text) {
		name, word, _ := strings.Cut(field, ":")
		found, ok := known[word]
		if !ok {
			t.Fatalf("%q is not a state", word)
		}
		states[name] = found
	}
	return states
}

// wavesOf returns waves without conditions.
func wavesOf(parallel int, regions ...[]string) (waves []fleet.Wave) {
	for i, names := range regions {
		wave := fleet.Wave{Name: strconv.Itoa(i + 1), Flags: "--wave " + strconv.Itoa(i+1), Regions: names, MaxParallel: parallel}
		for _, name := range names {
			wave.All = append(wave.All, fleet.Region{Name: name})
		}
		waves = append(waves, wave)
	}
	return waves
}

func regionsOf(waves []fleet.Wave) (names [][]string) {
	for _, wave := range waves {
		names = append(names, wave.Regions)
	}
	return names
}

// The waves have one region, then three, then two.
func TestMayStart(t *testing.T) {
	waves := [][]string{{"a"}, {"b", "c", "d"}, {"e", "f"}}
	for name, test := range map[string]struct {
		parallel, failures int
		states             string
		want               string
	}{
		"the first wave":                          {4, 0, "", "a"},
		"no wave before the one before it":        {4, 0, "a:at-work", ""},
		"the second wave, all at once":            {4, 0, "a:done", "b c d"},
		"as many as may be at work":               {2, 0, "a:done", "b c"},
		"the next one of the wave":                {2, 0, "a:done b:done c:at-work", "d"},
		"in the wave's order":                     {1, 0, "a:done c:done", "b"},
		"all places are taken":                    {2, 0, "a:done b:at-work c:at-work", ""},
		"more at work than may be":                {1, 0, "a:done b:at-work c:at-work", ""},
		"the wave is not done":                    {4, 0, "a:done b:done c:at-work d:done", ""},
		"the last wave":                           {4, 0, "a:done b:done c:done d:done", "e f"},
		"all are done":                            {4, 0, "a:done b:done c:done d:done e:done f:done", ""},
		"no limit means one":                      {0, 0, "a:done", "b"},
		"a negative limit, too":                   {-3, 0, "a:done", "b"},
		"a failure stops the wave":                {2, 0, "a:done b:failed c:at-work", ""},
		"a failure stops the next wave":           {4, 0, "a:failed", ""},
		"a failure that is allowed":               {4, 1, "a:failed", "b c d"},
		"two failures, one allowed":               {4, 1, "a:failed b:failed", ""},
		"failures count across waves":             {4, 1, "a:failed b:done c:failed d:done", ""},
		"a wave with an allowed failure is done":  {4, 1, "a:done b:done c:failed d:done", "e f"},
		"everything failed, everything may do so": {4, 9, "a:failed b:failed c:failed d:failed e:failed f:failed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			rules := Rules{Waves: wavesOf(test.parallel, waves...), MaxFailures: test.failures}
			got := strings.Join(rules.decide(statesOf(t, test.states), nil, time.Time{}, time.Time{}).start, " ")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := (Rules{Waves: wavesOf(1, nil, []string{"a"})}).decide(map[string]progress{"a": waiting}, nil, time.Time{}, time.Time{}); !cmp.Equal(got.start, []string{"a"}) {
		t.Errorf("after an empty wave: %v", got)
	}
	if got := (Rules{}).decide(nil, nil, time.Time{}, time.Time{}); len(got.start) > 0 || got.waits != "" {
		t.Errorf("without waves: %v", got)
	}
}

// If the first region is left out, another one becomes the first.
func TestWithout(t *testing.T) {
	for name, test := range map[string]struct {
		waves [][]string
		out   []string
		want  [][]string
	}{
		"nothing left out":  {[][]string{{"a"}, {"b", "c"}}, nil, [][]string{{"a"}, {"b", "c"}}},
		"the first":         {[][]string{{"a"}, {"b", "c"}, {"d"}}, []string{"a"}, [][]string{{"a"}, {"b"}, {"c"}, {"d"}}},
		"the first two":     {[][]string{{"a"}, {"b", "c", "d"}}, []string{"a", "b"}, [][]string{{"a"}, {"c"}, {"b", "d"}}},
		"one of the first":  {[][]string{{"a", "b"}, {"c", "d"}}, []string{"a"}, [][]string{{"a", "b"}, {"c", "d"}}},
		"another":           {[][]string{{"a"}, {"b", "c"}}, []string{"b"}, [][]string{{"a"}, {"b", "c"}}},
		"all of two":        {[][]string{{"a"}, {"b"}}, []string{"a", "b"}, [][]string{{"a"}, {"b"}}},
		"there is one wave": {[][]string{{"a", "b"}}, []string{"a"}, [][]string{{"a", "b"}}},
	} {
		rules := Rules{Waves: wavesOf(8, test.waves...)}
		got := rules.without(func(name string) bool { return slices.Contains(test.out, name) })
		if diff := cmp.Diff(test.want, regionsOf(got.Waves)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
