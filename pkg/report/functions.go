package report

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

func functions() map[string]any {
	all := printer.Functions()
	maps.Copy(all, map[string]any{
		"tone": tone, "words": words, "div": div, "tally": tally, "md": escaped,
		"share": func(part, all any) float64 { return min(max(100*div(part, all), 0), 100) }, // in percent
		"lines": func(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") },
		"fence": func(text string) string { return strings.Repeat("`", 3+strings.Count(text, "`")) }, // that nothing in the text ends
		"code":  func(text string) string { return "`" + strings.ReplaceAll(oneLine(text), "`", "'") + "`" },
		"label": func(text any) string { // of Prometheus
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(fmt.Sprint(text)) + `"`
		},
		"micros": func(n int64) string { return strings.Replace(printer.Microseconds(n), "ms", " ms", 1) },
	})
	return all
}

// div divides whole numbers of any type, by at least 1.
func div(a, b any) float64 {
	return float64(reflect.ValueOf(a).Int()) / float64(max(reflect.ValueOf(b).Int(), 1))
}

// words turns a CamelCase constant into words, and keeps letters only; an empty one means "running".
func words(constant any) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || r == ' ' {
			return r
		}
		return -1
	}, printer.Words(cmp.Or(fmt.Sprint(constant), "Running")))
}

// tone classifies an outcome, a state or a phase as good, note or bad.
func tone(state any) string {
	switch fmt.Sprint(state) {
	case "Succeeded", "NothingToDo", "Done", "Already", "Pass", "Migrated", "Adopted", "Finalized", "On", "AlwaysOn", "None":
		return "good"
	case "", "Running", "ChangesPending", "Change", "Check", "NotStarted", "Unreachable", "Undone", "Warn", "Unknown", "Skipped", "Legacy", "Off":
		return "note"
	}
	return "bad"
}

// tally counts equal constants: "2 failed, 197 succeeded".
func tally(all []any) string {
	counts := map[string]int{}
	for _, one := range all {
		counts[words(one)]++
	}
	var texts []string
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprint(counts[word], " ", word))
	}
	return strings.Join(texts, ", ")
}
