package fleet_test

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// wavesOfTen are waves without conditions, of ten regions at once.
func wavesOfTen(regions ...[]string) (waves []fleet.Wave) {
	for i, names := range regions {
		waves = append(waves, fleet.Wave{Name: strconv.Itoa(i + 1), Regions: names, MaxParallel: 10, Window: fleet.Window{Zone: time.UTC}})
	}
	return waves
}

// pacedWaves are those of testdata/valid/full.yaml.
func pacedWaves(t *testing.T) []fleet.Wave {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs(filepath.Join("testdata", "valid"))
	if err != nil {
		t.Fatal(err)
	}
	nights := fleet.Window{Days: []time.Weekday{time.Monday, time.Tuesday}, From: 22 * time.Hour, To: 6 * time.Hour, Zone: london, Text: "Mon, Tue 22:00 to 06:00 Europe/London"}
	return []fleet.Wave{
		{
			Name: "canary", Regions: []string{"sydney"}, MaxParallel: 2, Soak: 24 * time.Hour, Window: fleet.Window{Zone: time.UTC},
			Gates: []fleet.Gate{{Check: "canary"}, {LatencyRatio: 0.8}, {MaxGap: 5 * time.Second}, {Exec: []string{"./smoke.sh", "-v"}, Dir: dir}},
		},
		{Name: "2", Regions: []string{"london"}, MaxParallel: 1, Window: nights},
		{Name: "3", Regions: []string{"ohio"}, MaxParallel: 7, Approval: true, Window: fleet.Window{Zone: time.UTC}},
	}
}

// A window of a night belongs to the day on which it opens, and follows the wall clock when that is changed.
func TestWindow(t *testing.T) {
	zone := func(name string) *time.Location {
		loaded, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return loaded
	}
	london := zone("Europe/London")
	day := fleet.Window{Days: []time.Weekday{time.Monday, time.Friday}, From: 9 * time.Hour, To: 17*time.Hour + 30*time.Minute, Zone: london}
	night := fleet.Window{Days: []time.Weekday{time.Saturday}, From: 22 * time.Hour, To: 6 * time.Hour, Zone: london}
	early := fleet.Window{From: time.Hour + 30*time.Minute, To: 2 * time.Hour, Zone: london}
	for name, test := range map[string]struct {
		window     fleet.Window
		now, opens string
	}{
		"always open":                     {fleet.Window{}, "2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z"},
		"every day, open":                 {fleet.Window{From: 9 * time.Hour, To: 10 * time.Hour}, "2026-11-24T09:59:59Z", "2026-11-24T09:59:59Z"},
		"every day, just closed":          {fleet.Window{From: 9 * time.Hour, To: 10 * time.Hour}, "2026-11-24T10:00:00Z", "2026-11-25T09:00:00Z"},
		"the whole of a day":              {fleet.Window{Days: []time.Weekday{time.Sunday}}, "2026-11-28T12:00:00Z", "2026-11-29T00:00:00Z"},
		"before it opens":                 {day, "2026-11-27T08:59:59Z", "2026-11-27T09:00:00Z"},
		"as it opens":                     {day, "2026-11-27T09:00:00Z", "2026-11-27T09:00:00Z"},
		"as it closes":                    {day, "2026-11-27T17:30:00Z", "2026-11-30T09:00:00Z"},
		"on another day":                  {day, "2026-11-28T12:00:00Z", "2026-11-30T09:00:00Z"},
		"in summer":                       {day, "2026-07-03T08:00:00Z", "2026-07-03T08:00:00Z"},
		"yesterday's night":               {night, "2026-11-29T05:59:59Z", "2026-11-29T05:59:59Z"},
		"the end of the night":            {night, "2026-11-29T06:00:00Z", "2026-12-05T22:00:00Z"},
		"the evening before":              {night, "2026-11-28T01:00:00Z", "2026-11-28T22:00:00Z"},
		"clocks go forward meanwhile":     {night, "2026-03-29T04:59:00Z", "2026-03-29T04:59:00Z"}, // 05:59 there
		"clocks went forward":             {night, "2026-03-29T05:00:00Z", "2026-04-04T21:00:00Z"},
		"at a time that there is not":     {early, "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"},
		"across the date line, this week": {fleet.Window{Days: []time.Weekday{time.Monday}, To: 9 * time.Hour, Zone: zone("Pacific/Auckland")}, "2026-11-29T11:00:00Z", "2026-11-29T11:00:00Z"},
	} {
		at := func(text string) time.Time {
			parsed, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return parsed
		}
		if got := test.window.Opens(at(test.now)); !got.Equal(at(test.opens)) {
			t.Errorf("%s: opens %s, want %s", name, got.UTC(), test.opens)
		}
	}
}

func sameZone(a, b *time.Location) bool { return a.String() == b.String() }
