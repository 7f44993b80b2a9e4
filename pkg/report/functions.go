package report

import (
	"cmp"
	"fmt"
	html "html/template"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// functions are what templates call.
func functions() map[string]any {
	return map[string]any{
		"tone": tone, "words": words, "micros": micros, "div": div, "share": share, "tally": tally, "diff": diff,
		"style": func() (html.CSS, error) { css, _, err := style(); return css, err },
		"hash":  func() (string, error) { _, hash, err := style(); return hash, err },
		"add":   func(a, b int) int { return a + b },
		"push":  func(list []string, item any) []string { return append(slices.Clip(list), fmt.Sprint(item)) },
		"none":  func() []string { return nil },
		"list":  func(items ...any) []any { return items },
		"join":  strings.Join, "prefix": strings.HasPrefix, "lines": strings.Lines,
		"md":   escaped,
		"code": func(text string) string { return "`" + strings.ReplaceAll(oneLine(text), "`", "'") + "`" },
	}
}

// div divides whole numbers of any type; by at least 1.
func div(a, b any) float64 {
	return float64(reflect.ValueOf(a).Int()) / float64(max(reflect.ValueOf(b).Int(), 1))
}

// share is how much of all a part is, in percent.
func share(part, all any) float64 { return min(max(100*div(part, all), 0), 100) }

// micros shows microseconds as people read them.
func micros(n int64) string {
	d := time.Duration(n) * time.Microsecond
	return strings.Replace(d.Round(max(time.Microsecond, time.Duration(math.Pow10(len(strconv.FormatInt(int64(d), 10))-3)))).String(), "ms", " ms", 1)
}

// words turns a CamelCase constant into words, and keeps nothing but letters; an empty one
// stands for what has not ended.
func words(constant any) string {
	var b strings.Builder
	for i, r := range cmp.Or(fmt.Sprint(constant), "Running") {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// tone says of an outcome, a state or a phase how a reader has to take it: good, note or bad.
func tone(state any) string {
	switch fmt.Sprint(state) {
	case "Succeeded", "NothingToDo", "Done", "Already", "Pass", "Migrated", "Adopted", "Finalized", "On", "AlwaysOn", "None":
		return "good"
	case "", "Running", "ChangesPending", "Change", "Check", "NotStarted", "Unreachable", "Undone", "Warn", "Unknown", "Skipped", "Legacy", "Off":
		return "note"
	default:
		return "bad"
	}
}

// tally counts equal words, the most frequent first: "197 succeeded, 2 failed".
func tally(all []string) string {
	counts := map[string]int{}
	var order []string
	for _, one := range all {
		if counts[one]++; counts[one] == 1 {
			order = append(order, one)
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return counts[b] - counts[a] })
	for i, one := range order {
		order[i] = fmt.Sprint(counts[one], " ", words(one))
	}
	return strings.Join(order, ", ")
}

// longestDiff is how many lines of a diff are shown in Markdown: a comment holds only so much.
const longestDiff = 200

// diff is a diff in a fence that nothing in it can end.
func diff(text string) string {
	lines, more, fence := strings.SplitAfter(text, "\n"), "", "```"
	if len(lines) > longestDiff {
		more = fmt.Sprintf("\n\n%d more lines", len(lines)-longestDiff)
		text = strings.Join(lines[:longestDiff], "")
	}
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "diff\n" + strings.TrimSuffix(text, "\n") + "\n" + fence + more
}
