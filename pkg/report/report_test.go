package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "write the golden files")

func written(t *testing.T, r *Report, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	switch format {
	case "junit":
		wellFormed(t, b.String())
	case "prometheus":
		metrics(t, b.String())
	}
	return b.String()
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
	}
}

// metrics parses the text as Prometheus does, and returns the number of samples of each family. A
// family must be in one place, and a sample must not occur twice.
func metrics(t *testing.T, text string) map[string]int {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	samples, seen := map[string]int{}, map[string]bool{}
	for name, family := range families {
		samples[name] = len(family.GetMetric())
		if !strings.HasPrefix(name, "coder_satellite_") || family.GetHelp() == "" {
			t.Errorf("%s, %q", name, family.GetHelp())
		}
		for _, sample := range family.GetMetric() {
			if key := name + sample.String(); seen[key] {
				t.Errorf("twice: %s", key)
			} else {
				seen[key] = true
			}
		}
	}
	return samples
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if diff := cmp.Diff(string(want), got); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got), write it anew with -update:\n%s", name, err, diff)
	}
}

func TestGoldens(t *testing.T) {
	all := documents(6)
	for name, shown := range map[string]*Report{
		"all":     reportOf(t, all...),
		"plan":    reportOf(t, all[0]),
		"status":  reportOf(t, all[2]),
		"live":    {Live: true, Refresh: true, Events: reportOf(t, all[4:14]...).Events},
		"nothing": {Live: true, Refresh: true},
	} {
		for format, ending := range map[string]string{"html": "html", "junit": "xml", "markdown": "md", "prometheus": "prom"} {
			if (name == "live" || name == "nothing") && format != "html" {
				continue
			}
			golden(t, name+"."+ending, written(t, shown, format))
		}
	}
}

// Names from a server stay text in every format.
func TestHostileTexts(t *testing.T) {
	r := reportOf(t, withHostileTexts(documents(2))...)
	for format, markup := range map[string][]string{
		"html":       {"<script", "<!-- "},
		"junit":      {"<script", "<!-- "},
		"markdown":   {"<script", "<!-- ", "\n## d", "[x](javascript", "\n```"},
		"prometheus": {"\n## d", "\n```"},
	} {
		text := written(t, r, format)
		if format == "markdown" {
			text = unfenced(text)
			tables(t, text)
			text = regexp.MustCompile(`\\[[:punct:]]`).ReplaceAllString(text, "")
			text = regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "") // a code span
		}
		for _, bad := range append(markup, "hunter2", "\x1b", "\u009b", "\u202e", "\x00") {
			if at := strings.Index(text, bad); at >= 0 {
				t.Errorf("%s has %q:\n%s", format, bad, text[max(0, at-200):min(len(text), at+200)])
			}
		}
		if !strings.Contains(text, "(redacted)") {
			t.Errorf("%s has no texts", format)
		}
	}
}

// tables fails the test if a row of a table in Markdown has other cells than its head.
func tables(t *testing.T, text string) {
	t.Helper()
	head := 0
	for line := range strings.Lines(text) {
		switch cells := strings.Count(line, "|") - strings.Count(line, `\|`); {
		case !strings.HasPrefix(line, "|"):
			head = 0
		case head == 0:
			head = cells
		case head != cells:
			t.Errorf("%d cells instead of %d: %s", cells-1, head-1, line)
		}
	}
}

// unfenced is Markdown without what is in fences. Only a line of the fence's own length ends one.
func unfenced(text string) string {
	var b strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		opens, isFence := strings.CutSuffix(line, "diff\n")
		switch {
		case fence == "" && isFence && strings.Trim(opens, "`") == "":
			fence = opens
		case fence != "" && strings.TrimSpace(line) == fence:
			fence = ""
		case fence == "":
			b.WriteString(line)
		}
	}
	return b.String()
}

// For a fleet of 200, identical findings are listed once, and a page is rendered quickly.
func TestFleet(t *testing.T) {
	r, begin := reportOf(t, documents(200)...), time.Now()
	page := written(t, r, "html")
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	for told, times := range map[string]int{
		"was not reached through the satellite</p>": 1, "has no address yet</p>": 1, "cluster of region-003 did not answer</p>": 1, "TURN server of region-003 did not answer</p>": 1, "<p>Networking v2 is off</p>": 1, "<b>sydney</b>": 2,
		"<details class=\"lane\">": 200, "How install-satellite changes the manifest": 1, "and 19 more regions": 5,
	} {
		if got := strings.Count(page, told); got != times {
			t.Errorf("%q is there %d times, not %d", told, got, times)
		}
	}
	if text := written(t, r, "markdown"); len(text) > 65536 {
		t.Errorf("%d bytes of Markdown are more than a comment on GitHub holds", len(text))
	}
	if got := metrics(t, written(t, r, "prometheus")); got["coder_satellite_region_phase"] != 6*200 || got["coder_satellite_run_longest_gap_seconds"] != 2*199 {
		t.Errorf("%v", got)
	}
}

// The page refers to nothing that a browser would load, and contains no script.
func TestPageIsOffline(t *testing.T) {
	page := written(t, reportOf(t, documents(3)...), "html")
	for _, bad := range []string{"<script", "src=", "@import", "url(", " style=", "onclick", "<link rel=\"stylesheet", "href=\"http"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") && !strings.Contains(page, "default-src 'none'") {
		t.Error("the page has no policy")
	}
}
