package fleet_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

const labelled = `apiVersion: coder-satellite.dev/v1alpha1
kind: Fleet
regions:
- {name: sydney, context: c1, accessURL: "https://a.example.com", labels: {continent: apac, tier: gold}}
- {name: eu-west, context: c2, accessURL: "https://b.example.com", labels: {continent: emea}}
- {name: eu-north, context: c3, accessURL: "https://c.example.com", labels: {continent: emea, tier: gold}}
- {name: ohio, context: c4, accessURL: "https://d.example.com"}
rollout:
  waves: [{regions: [sydney]}, {regions: [eu-west, eu-north], name: emea}, {}]
`

func TestSelectRegions(t *testing.T) {
	for name, test := range map[string]struct {
		flags fleet.Flags
		waves [][]string
	}{
		"all":                      {fleet.Flags{}, [][]string{{"sydney"}, {"eu-west", "eu-north"}, {"ohio"}}},
		"a name":                   {fleet.Flags{Regions: []string{"ohio"}}, [][]string{{"ohio"}}},
		"a pattern":                {fleet.Flags{Regions: []string{"eu-*"}}, [][]string{{"eu-west", "eu-north"}}},
		"one character":            {fleet.Flags{Regions: []string{"ohi?", "[s-t]ydney"}}, [][]string{{"sydney"}, {"ohio"}}},
		"a list, in fleet's order": {fleet.Flags{Regions: []string{"ohio,eu-*", "sydney,ohio"}}, [][]string{{"sydney"}, {"eu-west", "eu-north"}, {"ohio"}}},
		"a label":                  {fleet.Flags{Selector: "continent=emea"}, [][]string{{"eu-west", "eu-north"}}},
		"two labels":               {fleet.Flags{Selector: "tier=gold,continent in (emea,amer)"}, [][]string{{"eu-north"}}},
		"without a label":          {fleet.Flags{Selector: "!continent"}, [][]string{{"ohio"}}},
		"another label, or none":   {fleet.Flags{Selector: "continent!=emea"}, [][]string{{"sydney"}, {"ohio"}}},
		"excluded":                 {fleet.Flags{Exclude: []string{"eu-*,ohio"}}, [][]string{{"sydney"}}},
		"excluded, not chosen":     {fleet.Flags{Regions: []string{"ohio"}, Exclude: []string{"sydney"}}, [][]string{{"ohio"}}},
		"all three":                {fleet.Flags{Regions: []string{"eu-*", "ohio"}, Selector: "continent", Exclude: []string{"*north"}}, [][]string{{"eu-west"}}},
		"a wave":                   {fleet.Flags{Wave: "emea"}, [][]string{{"eu-west", "eu-north"}}},
		"a wave's number":          {fleet.Flags{Wave: "3"}, [][]string{{"ohio"}}},
		"a part of a wave":         {fleet.Flags{Wave: "emea", Shard: "1/2", Changes: true}, [][]string{{"eu-north"}}},
		"some of a wave":           {fleet.Flags{Wave: "emea", Exclude: []string{"eu-west"}}, [][]string{{"eu-north"}}},
		"the first half":           {fleet.Flags{Shard: "0/2"}, [][]string{{"sydney"}, {"eu-north"}}},
		"the second half":          {fleet.Flags{Shard: "1/2"}, [][]string{{"eu-west"}, {"ohio"}}},
		"a part of the chosen":     {fleet.Flags{Regions: []string{"eu-*", "ohio"}, Shard: "2/3"}, [][]string{{"ohio"}}},
		"a wave on two machines":   {fleet.Flags{Regions: []string{"eu-*"}, Shard: "1/2", Changes: true}, [][]string{{"eu-north"}}},
		"waves on one machine":     {fleet.Flags{Shard: "0/1", Changes: true}, [][]string{{"sydney"}, {"eu-west", "eu-north"}, {"ohio"}}},
		"a part of a provider's":   {fleet.Flags{Providers: []string{"eu-north", "ohio"}, Shard: "1/2"}, [][]string{{"ohio"}}},
		"the only part":            {fleet.Flags{Regions: []string{"eu-*"}, Shard: "0/1"}, [][]string{{"eu-west", "eu-north"}}},
		"one of their providers":   {fleet.Flags{Regions: []string{"eu-*"}, Providers: []string{"eu-north"}}, [][]string{{"eu-north"}}},
	} {
		t.Run(name, func(t *testing.T) {
			test.flags.Filename = fleet.Stdin
			got, err := test.flags.Load(strings.NewReader(labelled))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.waves, wavesOf(got)); diff != "" {
				t.Errorf("waves (-want +got):\n%s", diff)
			}
			var names []string
			for _, region := range got.Regions {
				names = append(names, region.Name)
				// however it was selected, a region is named alone in a command that concerns
				// only that region
				if want := "kubectl coder-satellite status --filename - --region " + region.Name; region.Command("status") != want {
					t.Errorf("command %q", region.Command("status"))
				}
			}
			var inWaves []string
			for _, wave := range test.waves {
				inWaves = append(inWaves, wave...)
			}
			if diff := cmp.Diff(inWaves, names); diff != "" {
				t.Errorf("regions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectRegionsErrors(t *testing.T) {
	const there = "the fleet's labels are: continent=apac, continent=emea, tier=gold"
	for name, test := range map[string]struct {
		flags fleet.Flags
		want  []string
	}{
		"near a name":           {fleet.Flags{Regions: []string{"ohio,sidney"}}, []string{`--region: the fleet has no region "sidney"; did you mean "sydney"?`}},
		"no such pattern":       {fleet.Flags{Regions: []string{"us-east-*"}}, []string{`--region: the fleet has no region "us-east-*"; there are: sydney, eu-west, eu-north, ohio`}},
		"a malformed pattern":   {fleet.Flags{Regions: []string{"[sydney"}}, []string{`--region: the fleet has no region "[sydney"; did you mean "sydney"?`}},
		"a pattern and a slash": {fleet.Flags{Regions: []string{"*/*"}}, []string{`no region "*/*"`}},
		"an end of a list":      {fleet.Flags{Regions: []string{"sydney,"}}, []string{`--region: the fleet has no region ""`}},
		"nothing":               {fleet.Flags{Regions: []string{""}}, []string{`--region: the fleet has no region ""`}},
		"nothing excluded":      {fleet.Flags{Exclude: []string{"sidney", "eu-*"}}, []string{`--exclude: the fleet has no region "sidney"; did you mean "sydney"?`}},
		"no such label":         {fleet.Flags{Selector: "continent=amer"}, []string{`--selector: "continent=amer": no region has such labels; ` + there}},
		"no such wave":          {fleet.Flags{Wave: "apac"}, []string{`--wave: the fleet has no wave "apac"; there are: 1, emea, 3`}},
		"near a wave":           {fleet.Flags{Wave: "emes"}, []string{`--wave: the fleet has no wave "emes"; did you mean "emea"?`}},
		"another wave's region": {fleet.Flags{Wave: "emea", Regions: []string{"ohio"}}, []string{"no region matches"}},
		"no selector":           {fleet.Flags{Selector: "continent in emea"}, []string{`--selector: "continent in emea": `, there}},
		"no value":              {fleet.Flags{Selector: "continent=a b"}, []string{`--selector: "continent=a b": `, there}},
		"none has both":         {fleet.Flags{Regions: []string{"ohio"}, Selector: "continent"}, []string{"no region matches --region, --selector, --wave and --exclude together"}},
		"all excluded":          {fleet.Flags{Exclude: []string{"*"}}, []string{"no region matches --region, --selector, --wave and --exclude together"}},
		"all chosen excluded":   {fleet.Flags{Selector: "continent=emea", Exclude: []string{"eu-west,eu-north"}}, []string{"no region matches"}},
		"no index of a part":    {fleet.Flags{Shard: "3"}, []string{`--shard: "3" is not INDEX/COUNT, with an index from 0 to COUNT-1; for example 0/3`}},
		"after the last part":   {fleet.Flags{Shard: "3/3"}, []string{`--shard: "3/3" is not INDEX/COUNT`}},
		"a negative part":       {fleet.Flags{Shard: "-1/3"}, []string{`--shard: "-1/3" is not INDEX/COUNT`}},
		"no parts":              {fleet.Flags{Shard: "0/0"}, []string{`--shard: "0/0" is not INDEX/COUNT`}},
		"an empty part":         {fleet.Flags{Selector: "continent=emea", Shard: "2/3"}, []string{`--shard: "2/3" has no region: only 2 are selected`}},
		"waves on two machines": {fleet.Flags{Shard: "1/2", Changes: true}, []string{"--shard: the selected regions are in 3 waves, and several machines keep them in order only in a migration whose Fleet file names a rollout.home"}},
		"several mistakes":      {fleet.Flags{Regions: []string{"x"}, Exclude: []string{"y"}, Selector: "z"}, []string{`--region: the fleet has no region "x"`, `--exclude: the fleet has no region "y"`, `--selector: "z"`}},
	} {
		t.Run(name, func(t *testing.T) {
			test.flags.Filename = fleet.Stdin
			got, err := test.flags.Load(strings.NewReader(labelled))
			if fieldError := new(fleet.FieldError); !errors.As(err, &fieldError) {
				t.Fatalf("got %+v, %v", got, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in:\n%v", want, err)
				}
			}
			t.Log(err)
		})
	}
	unlabelled := strings.ReplaceAll(labelled, "labels: ", "canary: none} #")
	if _, err := (fleet.Flags{Filename: fleet.Stdin, Selector: "a"}).Load(strings.NewReader(unlabelled)); err == nil || !strings.Contains(err.Error(), "the fleet's labels are: none") {
		t.Errorf("no labels at all: %v", err)
	}
	_, err := fleet.Flags{Contexts: []string{"a"}, AccessURL: "https://a.example.com", Selector: "a", Exclude: []string{"b"}}.Load(nil)
	if err == nil || err.Error() != "--selector: selects regions of a Fleet file; give one with --filename\n--exclude: selects regions of a Fleet file; give one with --filename" {
		t.Errorf("without a file: %v", err)
	}
}

// Without configured waves, a selection begins with one region, as a whole fleet does.
func TestSelectDefaultWaves(t *testing.T) {
	text, _, _ := strings.Cut(labelled, "rollout:")
	flags := fleet.Flags{Filename: fleet.Stdin, Exclude: []string{"sydney"}}
	got, err := flags.Load(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"eu-west"}, {"eu-north", "ohio"}}, wavesOf(got)); diff != "" {
		t.Errorf("waves (-want +got):\n%s", diff)
	}
}

// wavesOf returns the selected regions of the fleet's waves.
func wavesOf(f *fleet.Fleet) (names [][]string) {
	for _, wave := range f.Waves {
		names = append(names, wave.Regions)
	}
	return names
}

// Waves that a file names stay as they are, also those that are like the default ones.
func TestSelectNamedWaves(t *testing.T) {
	text, _, _ := strings.Cut(labelled, "rollout:")
	text += "rollout: {waves: [{name: canary, regions: [sydney]}, {name: rest, maxParallel: 50%}]}\n"
	for _, flags := range []fleet.Flags{{}, {Exclude: []string{"sydney"}}, {Wave: "rest"}} {
		flags.Filename = fleet.Stdin
		got, err := flags.Load(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if last := got.Waves[len(got.Waves)-1]; last.Name != "rest" || last.MaxParallel != 2 || len(last.Regions) != 3 {
			t.Errorf("%+v: %+v", flags, got.Waves)
		}
	}
}

// With a home, no wave is forgotten: what others migrate must be complete before the selected regions begin.
func TestSelectWithHome(t *testing.T) {
	text := strings.Replace(labelled, "rollout:\n", "rollout:\n  home: main\n", 1)
	for _, flags := range []fleet.Flags{{Wave: "3"}, {Regions: []string{"ohio"}}, {Shard: "3/4", Changes: true}} {
		flags.Filename, flags.Paced = fleet.Stdin, true
		got, err := flags.Load(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var all [][]string
		for _, wave := range got.Waves {
			var names []string
			for _, region := range wave.All {
				names = append(names, region.Name)
			}
			all = append(all, names)
		}
		if diff := cmp.Diff([][]string{{"sydney"}, {"eu-west", "eu-north"}, {"ohio"}}, all); diff != "" {
			t.Errorf("all regions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([][]string{{}, {}, {"ohio"}}, wavesOf(got)); diff != "" {
			t.Errorf("selected regions (-want +got):\n%s", diff)
		}
		if got.Home != (fleet.Home{Context: "main", Namespace: fleet.DefaultNamespace}) {
			t.Errorf("home %+v", got.Home)
		}
	}
	excluding := fleet.Flags{Filename: fleet.Stdin, Paced: true, Exclude: []string{"sydney", "eu-west"}, Regions: []string{"ohio"}}
	got, err := excluding.Load(strings.NewReader(text)) // nobody waits for what is excluded
	if err != nil || len(got.Waves) != 2 || len(got.Waves[0].All) != 1 || got.Waves[0].All[0].Name != "eu-north" {
		t.Errorf("%+v, %v", got, err)
	}
	unpaced, err := fleet.Flags{Filename: fleet.Stdin, Wave: "3"}.Load(strings.NewReader(text)) // as of a rollback
	if err != nil || len(unpaced.Waves) != 1 || unpaced.Home != (fleet.Home{}) {
		t.Errorf("%+v, %v", unpaced, err)
	}
}
